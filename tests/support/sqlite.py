"""SQLite files, looked at and locked from outside the server."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

WAIT = 30.0  # seconds that a busy server may keep the lock from us


def damage(path: Path) -> list[str]:
    """What `PRAGMA integrity_check` and `foreign_key_check` find in a database; nothing in one that is whole."""
    with closing(sqlite3.connect(path, timeout=WAIT)) as connection:
        found = [line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
        return found + [f"reference: {row}" for row in connection.execute("PRAGMA foreign_key_check")]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the one lock for writing, as another process does."""
    with closing(sqlite3.connect(path, timeout=WAIT, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
