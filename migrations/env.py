"""Runs migrations against the application's database: ``make migrate``, or ``flask --app wsgi db upgrade``."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import Connection, TypeDecorator, func, select

LOCK = 0x6D696772617465  # "migrate": the key of PostgreSQL's advisory lock, which is one of this database
TURN_SECONDS = 0.2  # between two tries to get it

database = current_app.extensions["migrate"].db


def render_column_type(kind: str, value: Any, _: Any) -> str | Literal[False]:
    """A migration names no class of the application, which may change after it: columns show as what they decorate."""
    return f"sa.{value.impl!r}" if kind == "type" and isinstance(value, TypeDecorator) else False


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """On PostgreSQL, have one process migrate at a time; the others wait for their turn.

    Who waits asks again and again. A statement that waited for the lock would be an older transaction, for whose end
    an index that is built concurrently waits: each for the other.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    while not connection.scalar(select(func.pg_try_advisory_lock(LOCK))):
        connection.rollback()
        time.sleep(TURN_SECONDS)
    connection.commit()
    try:
        yield
    finally:
        connection.invalidate()  # the lock goes with it, whatever has become of either


@contextmanager
def altering_tables(connection: Connection) -> Iterator[None]:
    """Have SQLite alter a table, which it makes anew: dropping the old one would delete what refers to it."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.connection.execute("PRAGMA foreign_keys=OFF")  # before the transaction: within it does nothing
    try:
        yield
    finally:
        connection.rollback()
        connection.connection.execute("PRAGMA foreign_keys=ON")


def run() -> None:
    """Run what the command asks for, each migration in one transaction where the database can and it lets it."""
    with database.engine.connect() as connection, alone(connection), altering_tables(connection):
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            render_item=render_column_type,
            compare_type=True,
            transaction_per_migration=True,  # what one locks, it holds no longer than it takes itself
        )
        with context.begin_transaction():
            context.run_migrations()


run()
