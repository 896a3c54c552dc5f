"""How SQLite finds what is asked of it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from app.extensions import db


def plan(ask: Callable[[], object]) -> list[str]:
    """The steps of every query that ``ask`` makes, as EXPLAIN QUERY PLAN says them."""
    asked: list[tuple[str, Any]] = []

    def note(*of: Any) -> None:
        _, _, statement, parameters, _, _ = of
        asked.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    with db.engine.connect() as connection:
        explained = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given) for sql, given in asked]
        return [row.detail for rows in explained for row in rows]
