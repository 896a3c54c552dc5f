"""Indexes of tables that may be large, built and dropped while others write to them.

PostgreSQL does so outside of a transaction (CONCURRENTLY): what the migration did before is committed first, and a
migration that is interrupted is run again from its start. So it has to bear what it did before; these do.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

INVALID = sa.text("SELECT true FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid")


def on_postgresql() -> bool:
    """Whether a migration may be interrupted half-way there, and others write meanwhile."""
    return op.get_context().dialect.name == "postgresql"


def build(name: str, table: str, columns: list[str], where: sa.TextClause | None = None) -> None:
    """Build an index, unless there is one of that name.

    One whose building was interrupted is there as well, is kept up by every write, and is never read: it goes first.
    Only a process that migrates alone can tell it from one that another is building now; ``env.py`` sees to that.
    """
    if not on_postgresql():
        op.create_index(name, table, columns, sqlite_where=where)
        return
    options: dict[str, Any] = {"postgresql_concurrently": True, "postgresql_where": where, "if_not_exists": True}
    with op.get_context().autocommit_block():
        if op.get_bind().scalar(INVALID, {"name": name}):
            op.drop_index(name, table_name=table, postgresql_concurrently=True)
        op.create_index(name, table, columns, **options)


def drop(name: str, table: str) -> None:
    """Drop an index, unless that has happened."""
    if not on_postgresql():
        op.drop_index(name, table_name=table)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table_name=table, postgresql_concurrently=True, if_exists=True)
