"""The base of everything that crosses the wire: camelCase, strict, nothing undeclared."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

Id = Annotated[str, Field(min_length=1, max_length=64)]
"""An id as a client sends it: opaque, so only its length is checked."""


def text(longest: int) -> StringConstraints:
    """A text that a person writes: not blank, ``longest`` characters at most, white space around it dropped.

    >>> title: Annotated[str, text(200)]
    """
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


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
