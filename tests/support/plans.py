"""How a database carries out what it is asked: which tables are walked from end to end."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

Statements = list[tuple[str, Any]]
"""Statements as the driver is given them, each with its parameters."""

PLANNED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)


@contextmanager
def executed(engine: Engine) -> Iterator[Statements]:
    """All statements that are executed meanwhile, by whomever, but for those that begin and end transactions."""
    found: Statements = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if PLANNED.match(statement):
            found.extend((statement, one) for one in (parameters if many else [parameters]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def walked(connection: Connection, statement: str, parameters: Any) -> set[str]:
    """The tables of which the plan of a statement reads all rows, or may: in the table or by way of an index.

    An index that is walked only until a limit is reached, and of which no row is left out, does not count; SQLite's
    plans do not tell.
    """
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        scans = (re.match(r"SCAN (?!CONSTANT|\()(\w+?)(_\d+)?\b", row.detail) for row in rows)
        return {scan[1] for scan in scans if scan}
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    return set(_walked(plan[0]["Plan"], limited=False))


def plan(connection: Connection, statement: str, parameters: Any) -> str:
    """The plan of a statement, in the words of the database."""
    query = " QUERY PLAN" if connection.dialect.name == "sqlite" else ""
    rows = connection.exec_driver_sql(f"EXPLAIN{query} {statement}", parameters)
    return "\n".join(str(row[-1]) for row in rows)


def prefer_indexes(connection: Connection) -> None:
    """Have PostgreSQL walk a table from now on only where no index helps, and not because the table is small."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET enable_seqscan = off")
        connection.exec_driver_sql("SET enable_hashjoin = off")  # which reads one of two tables as a whole


def _walked(node: dict[str, Any], *, limited: bool) -> Iterator[str]:
    kind = node["Node Type"]
    by_index = kind.startswith("Index") and "Index Cond" not in node and ("Filter" in node or not limited)
    if kind == "Seq Scan" or by_index:
        yield node["Relation Name"]
    limited = kind == "Limit" or (limited and kind not in ("Sort", "Aggregate", "Hash"))  # these read all beneath
    for inner in node.get("Plans", ()):
        yield from _walked(inner, limited=limited)
