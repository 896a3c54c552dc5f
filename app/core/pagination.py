"""Lists in pages: newest first, ``limit`` rows a page, an opaque ``cursor`` that says where the next begins."""

import base64
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, Select

from app.core.errors import ValidationFailed
from app.core.schema import Digits, Schema
from app.extensions import db

Row = TypeVar("Row")


class PageQuery(Schema):
    """The parameters of every list."""

    limit: Annotated[int, Field(ge=1, le=100), Digits] = 50
    cursor: Annotated[str, Field(max_length=128)] | None = None


def page(statement: Select[Row], id: ColumnElement[str] | Any, query: PageQuery) -> dict[str, Any]:
    """The rows of ``statement`` that ``query`` asks for, by descending ``id`` (UUIDv7: newest first).

    Returns:
        ``{"items": rows, "next_cursor": text or None}``.

    Raises:
        ValidationFailed: the cursor is not one that a page returned.
    """
    if query.cursor is not None:
        statement = statement.where(id < _decode(query.cursor))
    rows = db.session.scalars(statement.order_by(id.desc()).limit(query.limit + 1)).all()
    more = len(rows) > query.limit
    items = list(rows[: query.limit])
    last: Any = items[-1] if more else None
    return {"items": items, "next_cursor": _encode(last.id) if more else None}


def _encode(id: str) -> str:
    return base64.urlsafe_b64encode(id.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        id = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        return str(UUID(id))
    except ValueError as error:
        raise ValidationFailed("The request is not valid.", {"cursor": "not one that a list returned"}) from error
