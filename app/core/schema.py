"""The base of everything that crosses the wire: camelCase, strict, nothing undeclared."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeVar

from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

T = TypeVar("T")

Id = Annotated[str, Field(min_length=1, max_length=64)]
"""An id as a client sends it: opaque, so only its length is checked."""


INVISIBLE = {"Cc", "Cf", "Mn", "Zl", "Zp", "Zs"}  # categories of characters that show nothing by themselves


@dataclass(frozen=True)
class text(GroupedMetadata):  # noqa: N801 - it reads as what a field is
    """A text that a person writes: not blank, ``longest`` characters at most, white space around it dropped.

    >>> title: Annotated[str, text(200)]
    """

    longest: int

    def __iter__(self) -> Iterator[Any]:
        yield from StringConstraints(strip_whitespace=True, min_length=1, max_length=self.longest)
        yield AfterValidator(_visible)
        yield Field(description="Holds a character that can be seen; white space around it is dropped.")


def _visible(value: str) -> str:
    if all(unicodedata.category(character) in INVISIBLE for character in value):
        raise ValueError("must hold a character that can be seen")
    return value


def _whole_number(value: str) -> int:
    if not re.fullmatch(r"0|-?[1-9][0-9]{0,17}", value):
        raise ValueError("must be a whole number, such as 50")
    return int(value)


def _true_or_false(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return value == "true"


def _separated(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


Separated = BeforeValidator(_separated)
"""For several values in a query string, with commas between."""


def _integral(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Integral = BeforeValidator(_integral)
"""For a whole number in a body, after its bounds: JSON knows one kind of number, so that ``4.0`` says ``4``."""

Digits = BeforeValidator(_whole_number)
"""For a whole number in a query string, after its bounds; by itself pydantic would also read ``1.0`` and ``1_0``."""

TrueOrFalse = BeforeValidator(_true_or_false)
"""For a truth value in a query string; by itself pydantic would also read ``yes`` and ``1``."""


class Schema(BaseModel):
    """A body, a query or a payload. Field names are snake_case here and camelCase on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        strict=True,
        frozen=True,
        from_attributes=True,
        allow_inf_nan=False,
    )


class Nothing(Schema):
    """The body or the query of a route that takes none."""


class Change(Schema):
    """The body of a PATCH: what is left out stays, and something is given."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("takes at least one field")
        return self


def _given(value: T | None) -> T:
    if value is None:
        raise ValueError("can't be cleared; leave it out to keep it")
    return value


@dataclass(frozen=True)
class _NeverNull:
    """Says so in the JSON Schema."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        found = handler(schema)
        choices = [choice for choice in found.get("anyOf", ()) if choice != {"type": "null"}]
        return choices[0] if len(choices) == 1 else found


Kept = Annotated[T | None, AfterValidator(_given), _NeverNull()]
"""A field of a :class:`Change` that can be left out (its default is None) and can't be null."""
