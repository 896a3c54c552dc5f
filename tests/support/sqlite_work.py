"""How much SQLite does for what is asked of it."""

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from app.extensions import db

EACH = 100  # instructions of its virtual machine


def work_for(ask: Callable[[], object]) -> int:
    """How many hundred instructions SQLite carries out for ``ask``, the same each time."""
    count = 0

    def note() -> int:
        nonlocal count
        count += 1
        return 0  # go on

    def watch(connection: sqlite3.Connection, *_: Any) -> None:
        connection.set_progress_handler(note, EACH)

    def leave(connection: sqlite3.Connection, *_: Any) -> None:
        connection.set_progress_handler(None, 0)

    db.session.rollback()  # what is asked takes a connection of its own
    event.listen(db.engine, "checkout", watch)
    event.listen(db.engine, "checkin", leave)
    try:
        ask()
        db.session.rollback()
    finally:
        event.remove(db.engine, "checkout", watch)
        event.remove(db.engine, "checkin", leave)
    return count
