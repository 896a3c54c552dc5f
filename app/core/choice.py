"""Columns that hold one of a few words."""

from enum import StrEnum
from typing import Generic, TypeVar

from sqlalchemy import Dialect, String, TypeDecorator

E = TypeVar("E", bound=StrEnum)


class Choice(TypeDecorator[E], Generic[E]):
    """A column of members of ``kind``, stored as their values: a new member needs no migration.

    Args:
        kind: of what.
        longest: characters that a value may have.
    """

    impl = String
    cache_ok = True

    def __init__(self, kind: type[E], longest: int = 16) -> None:
        super().__init__(longest)
        self.kind = kind

    def process_bind_param(self, value: E | None, _: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, _: Dialect) -> E | None:
        return None if value is None else self.kind(value)
