"""Runs migrations against the application's database: ``make migrate``, or ``flask --app wsgi db upgrade``."""

from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import TypeDecorator

database = current_app.extensions["migrate"].db


def render_column_type(kind: str, value: Any, _: Any) -> str | Literal[False]:
    """A migration names no class of the application, which may change after it: columns show as what they decorate."""
    return f"sa.{value.impl!r}" if kind == "type" and isinstance(value, TypeDecorator) else False


def run() -> None:
    """Run what the command asks for, in one transaction where the database can."""
    with database.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:  # it alters a table by making it anew; dropping the old one would delete what refers to it
            connection.connection.execute("PRAGMA foreign_keys=OFF")  # before the transaction: within it does nothing
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=sqlite,
            render_item=render_column_type,
            compare_type=True,
            transaction_per_migration=True,  # what one locks, it holds no longer than it takes itself
        )
        with context.begin_transaction():
            context.run_migrations()
        if sqlite:
            connection.rollback()
            connection.connection.execute("PRAGMA foreign_keys=ON")


run()
