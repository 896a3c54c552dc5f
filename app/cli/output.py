"""What commands print: a table for people, or one JSON document for programs."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.core import json


def show(title: str, columns: Sequence[str], rows: Iterable[BaseModel], *, as_json: bool) -> None:
    """Print ``rows``.

    Args:
        title: of the table.
        columns: the fields that the table has, by their names in Python; JSON has all fields.
        rows: what to print.
        as_json: as ``{"items": […]}``, on one line.
    """
    if as_json:
        click.echo(json.dumps({"items": [row.model_dump(mode="json", by_alias=True) for row in rows]}))
        return
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")  # an id that was cut can't be used
    for row in rows:
        table.add_row(*(_cell(getattr(row, column)) for column in columns))
    Console(highlight=False).print(table)


def done(text: str, *, as_json: bool, **facts: Any) -> None:
    """Say what was done: in words, or the ``facts`` as JSON."""
    click.echo(json.dumps({to_camel(name): value for name, value in facts.items()}) if as_json else inert(text))


def inert(text: str) -> str:
    """``text`` without what steers a terminal: names are chosen by whoever registers."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _cell(value: object) -> Text:
    match value:
        case None:
            return Text("")
        case bool():
            return Text("yes" if value else "no")
        case int():
            return Text(f"{value:,}")
        case datetime():
            return Text(f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}")
        case list() | tuple():
            return Text(inert(", ".join(map(str, value))))
        case _:
            return Text(inert(str(value)))
