"""Rows by the ten thousand, soon: a few are made, and the database copies them."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    Table,
    cast,
    func,
    insert,
    literal,
    select,
    text,
    true,
    union_all,
)

COPIES = 20  # that there are of each row at the end, itself included


def numbered(number: int, kind: str) -> str:
    """In the form of an id, and in the order of the numbers; ``kind`` is one letter."""
    return f"00000000-0000-7000-8000-{kind.encode().hex()}{number:08x}00"


def multiply(
    connection: Connection, table: Table, changed: Callable[[ColumnElement[int]], Mapping[str, ColumnElement[Any]]]
) -> None:
    """Copy all rows; ``changed`` says which columns of a copy differ, by its number."""
    numbers = union_all(*(select(literal(number).label("number")) for number in range(1, COPIES))).subquery()
    kept = {name: each for name, each in table.c.items() if each is not table.autoincrement_column}
    copied: dict[str, ColumnElement[Any]] = {**kept, **changed(numbers.c.number)}
    rows = select(*copied.values()).select_from(table.join(numbers, true()))
    if connection.dialect.name == "postgresql":  # what copies refer to is there
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    for index in table.indexes:
        index.drop(connection)
    connection.execute(insert(table).from_select(list(copied), rows))
    for index in table.indexes:  # made at once they take a fraction of the time
        index.create(connection)


def copy_of(id: ColumnElement[str], number: ColumnElement[int]) -> ColumnElement[str]:
    """The id of a copy: behind that of which it is one, and before the next."""
    return func.substr(id, 1, 34).concat(func.substr(cast(number + 100, String), 2))
