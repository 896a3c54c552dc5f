"""The JSON Schemas from which the documents are made."""

from typing import Annotated

from pydantic import Field

from app.core.clock import Timestamp
from app.core.json_schema import JsonSchemas
from app.core.schema import Schema


class Part(Schema):
    """A part."""

    weight: float


class Order(Schema):
    """An order."""

    placed_at: Timestamp
    parts: list[Part]
    copies: int = 1
    note: str | None = None
    inner: Annotated[str, Field(exclude=True)] = ""


SCHEMAS = JsonSchemas(received=[Order], sent=[Part], ref_template="#/parts/{model}")
SENT = JsonSchemas(received=[], sent=[Order], ref_template="{model}").definitions["Order"]


def test_a_model_is_referred_to_by_the_name_of_its_class() -> None:
    assert SCHEMAS.received(Order) == {"$ref": "#/parts/Order"}


def test_a_nested_model_has_a_schema_of_its_own() -> None:
    assert SCHEMAS.definitions["Order"]["properties"]["parts"]["items"] == {"$ref": "#/parts/Part"}
    assert SCHEMAS.definitions["Part"]["properties"] == {"weight": {"type": "number"}}


def test_the_fields_that_are_read_say_whether_they_are_required() -> None:
    required = {name: required for name, (_, required) in SCHEMAS.fields(Order).items()}
    assert required == {"placedAt": True, "parts": True, "copies": False, "note": False, "inner": False}


def test_what_has_a_default_is_always_sent_unless_that_is_none() -> None:
    assert SENT["required"] == ["placedAt", "parts", "copies"]


def test_what_is_excluded_is_not_sent() -> None:
    assert "inner" not in SENT["properties"]


def test_a_time_is_a_time_in_both_directions() -> None:
    time = {"type": "string", "format": "date-time"}
    assert SENT["properties"]["placedAt"] == time
    assert SCHEMAS.fields(Order)["placedAt"] == (time, True)
