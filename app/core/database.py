"""Write access to the database, PostgreSQL or SQLite, that never stops the other greenlets.

SQLite has one writer. Waiting for it inside the C library stops the whole process (4 s were measured), so writers of
this process queue at a lock that yields, and BEGIN IMMEDIATE, which another process (the CLI) may hold off, is retried
from Python. A transaction that only reads takes neither.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from app.core.errors import Unavailable

logger = logging.getLogger(__name__)

WRITE_WAIT = 5.0  # seconds that a writer waits for its turn before the caller hears 503
BUSY_RETRY = 0.01  # seconds between two tries of BEGIN IMMEDIATE

_one_writer = threading.Lock()  # green once eventlet has patched threading


@contextmanager
def writing(session: Session) -> Iterator[Connection]:
    """Begin a transaction that may write; the caller commits or rolls back inside the block.

    What ``session`` had read before is read anew: rows loaded by an earlier transaction are expired.

    Raises:
        Unavailable: the turn to write did not come within five seconds.
    """
    session.rollback()
    deadline = time.monotonic() + WRITE_WAIT
    turn = _sqlite_turn() if session.get_bind().dialect.name == "sqlite" else nullcontext()
    with turn:
        try:
            yield session.connection(execution_options={"begin_immediate_by": deadline})
        finally:
            session.rollback()  # after a commit there is nothing left to roll back


@contextmanager
def _sqlite_turn() -> Iterator[None]:
    if not _one_writer.acquire(timeout=WRITE_WAIT):
        raise Unavailable("The database is busy; try again.", retry_after=1)
    try:
        yield
    finally:
        _one_writer.release()


def is_away(error: BaseException) -> bool:
    """Whether ``error`` says that the database can't be used now, and so that it is worth trying again.

    SQLite gives the same name to a statement that it can't run, such as one about a table that is not there.
    """
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
    return isinstance(error, PoolTimeout)


def configure_sqlite(engine: Engine) -> None:
    """Set up every connection of an SQLite engine: WAL, foreign keys, and transactions that begin when we say."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # the driver would begin by itself, and DEFERRED
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=0"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        deadline = connection.get_execution_options().get("begin_immediate_by")
        if deadline is not None:
            _begin_immediate(connection, deadline)
        else:
            connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection, deadline: float) -> None:
    cursor = connection.connection.cursor()
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                logger.error("the database can't be written to: %s", error)  # noqa: TRY400 - a trace says no more
                raise Unavailable("The database can't be written to now; try again.", retry_after=1) from error
            if time.monotonic() > deadline:
                raise Unavailable("The database is busy; try again.", retry_after=1) from error
            time.sleep(BUSY_RETRY)
