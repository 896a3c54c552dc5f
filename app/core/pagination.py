"""Lists in pages: ``limit`` rows a page, an opaque ``cursor`` that says behind which row the next begins.

Unless a list has other orders, the newest come first. What is inserted or deleted meanwhile moves nothing: a page
begins behind a row, wherever that is by now, and not at a number of rows.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import NoneType
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field, TypeAdapter
from sqlalchemy import ColumnElement, Select, tuple_

from app.core import json
from app.core.clock import Timestamp
from app.core.errors import ValidationFailed
from app.core.schema import Digits, Schema
from app.extensions import db

Row = TypeVar("Row")

CURSOR = "The `nextCursor` of the page before, of the same list in the same order."

_TIME: TypeAdapter[datetime] = TypeAdapter(Timestamp)


class PageQuery(Schema):
    """The parameters of every list."""

    limit: Annotated[int, Field(ge=1, le=100), Digits] = 50
    cursor: Annotated[str, Field(max_length=128, description=CURSOR)] | None = None


@dataclass(frozen=True)
class Part:
    """A run of rows in an order: those where ``where`` holds, by ``column`` where there is one, and then by id.

    Attributes:
        where: None: all rows.
        column: of times; never null in these rows.
    """

    where: ColumnElement[bool] | None = None
    column: Any = None


@dataclass(frozen=True)
class Order:
    """What comes first: all rows of the first part, then those of the next; descending or ascending within each.

    Several parts are for what one index can't give: rows without a value last, or words by what they mean.
    """

    name: str = "newest"
    parts: tuple[Part, ...] = (Part(),)
    descending: bool = True


NEWEST = Order()


@dataclass(frozen=True)
class Cursor:
    """The row behind which a page begins: its part of the order ``order``, its time there if that counts, its id."""

    order: str
    part: int
    time: datetime | None
    id: str

    def text(self) -> str:
        """It as clients carry it."""
        raw = json.dumps([self.order, self.part, self.time, self.id])
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, order: Order) -> "Cursor":
        """The cursor that ``text`` says.

        Raises:
            ValidationFailed: it is not one that a list in ``order`` returned.
        """
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            name, number, time, id = json.loads(raw)
            if name != order.name or number not in range(len(order.parts)):
                raise ValueError("of another order")  # noqa: TRY301 - whatever is wrong, a client hears the same
            timed = order.parts[int(number)].column is not None
            if not isinstance(time, str if timed else NoneType):
                raise TypeError("of another column")  # noqa: TRY301
            return cls(name, int(number), _TIME.validate_python(time) if timed else None, str(UUID(id)))
        except (ValueError, TypeError, AttributeError) as error:
            told = {"cursor": "not one that this list returned in this order"}
            raise ValidationFailed("The request is not valid.", told) from error


def page(
    statement: Select[Row], id: ColumnElement[str] | Any, query: PageQuery, order: Order = NEWEST
) -> dict[str, Any]:
    """The rows of ``statement`` that ``query`` asks for.

    Args:
        id: the column of their ids (UUIDv7: by the time of their making).
        order: what comes first.

    Returns:
        ``{"items": rows, "next_cursor": text or None}``.

    Raises:
        ValidationFailed: the cursor is not one that a page in this order returned.
    """
    cursor = None if query.cursor is None else Cursor.read(query.cursor, order)
    found: list[tuple[int, Any]] = []
    for number, rest in _rest(statement, id, order, cursor):
        found += [(number, row) for row in db.session.scalars(rest.limit(query.limit + 1 - len(found)))]
        if len(found) > query.limit:
            break
    items = [row for _, row in found[: query.limit]]
    more = len(found) > query.limit
    return {"items": items, "next_cursor": _behind(*found[query.limit - 1], order).text() if more else None}


def _rest(statement: Select[Row], id: Any, order: Order, cursor: Cursor | None) -> Iterator[tuple[int, Select[Row]]]:
    """The rows behind ``cursor``, as a statement for each part of the order that holds some."""
    first = cursor.part if cursor else 0
    for number, part in list(enumerate(order.parts))[first:]:
        keys = [id] if part.column is None else [part.column, id]
        rest = statement if part.where is None else statement.where(part.where)
        if cursor is not None and number == cursor.part:
            here = tuple_(*keys)
            there = (cursor.id,) if part.column is None else (cursor.time, cursor.id)
            rest = rest.where(here < there if order.descending else here > there)
        yield number, rest.order_by(*(key.desc() if order.descending else key.asc() for key in keys))


def _behind(part: int, row: Any, order: Order) -> Cursor:
    column = order.parts[part].column
    return Cursor(order.name, part, None if column is None else getattr(row, column.key), row.id)
