"""Time, as rows and payloads have it: aware, in UTC."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer, WithJsonSchema
from sqlalchemy import DateTime, Dialect, TypeDecorator


def now() -> datetime:
    """The current time, aware, in UTC, to the millisecond (what JavaScript's Date can hold)."""
    return to_the_millisecond(datetime.now(UTC))


def to_the_millisecond(time: datetime) -> datetime:
    """``time`` without what is beneath its milliseconds."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def iso(time: datetime) -> str:
    """``time`` in ISO 8601 with milliseconds and a Z, as ``Date.prototype.toISOString`` writes it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        time = datetime.fromisoformat(value)  # pydantic's own parser reads digits as seconds since 1970
    except ValueError as error:
        raise ValueError("must be a time in ISO 8601, such as 2026-01-31T12:00:00Z") from error
    if time.tzinfo is None:
        raise ValueError("must say its zone: add Z or an offset such as +02:00")
    return time


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must lie in the years 1 to 9999 in UTC") from error


Timestamp = Annotated[
    AwareDatetime,
    BeforeValidator(_read),
    AfterValidator(_in_utc),
    PlainSerializer(iso, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time in a body, a query or a payload: read in ISO 8601 with any offset, written in UTC with a Z."""


class UtcDateTime(TypeDecorator[datetime]):
    """A column of aware UTC times; SQLite, which knows no zones, stores them without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> Any:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any, _: Dialect) -> datetime | None:
        if value is None:
            return None
        time: datetime = value
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
