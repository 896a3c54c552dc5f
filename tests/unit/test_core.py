"""The pure parts of the core: time, JSON, texts."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.core import json
from app.core.clock import iso, now
from app.core.ids import new_id
from app.core.schema import Schema, text

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0")), inner)
    ),
)


class Titled(Schema):
    title: Annotated[str, text(5)]


def test_a_time_is_written_in_utc_with_milliseconds_and_a_z() -> None:
    noon = datetime(2026, 1, 2, 12, 0, 0, 120_000, timezone(timedelta(hours=2)))
    assert iso(noon) == "2026-01-02T10:00:00.120Z"


def test_the_clock_is_aware_and_exact_to_what_is_written() -> None:
    time = now()
    assert time.tzinfo is UTC
    assert datetime.fromisoformat(iso(time)) == time


def test_ids_sort_by_the_time_of_their_making() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(set(ids))


@given(JSON_VALUES)
def test_what_is_written_as_json_is_read_as_it_was(value: object) -> None:
    assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    "written", ["NaN", "[Infinity]", "{", "", '"\\u0000"', '{"a\\u0000": 1}', '[{"a": ["\\u0000"]}]', '"\\ud800"']
)
def test_what_browsers_or_databases_can_not_hold_is_no_json(written: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        json.loads(written)


def test_a_backslash_before_u0000_is_only_text() -> None:
    assert json.loads('"\\\\u0000"') == "\\u0000"


def test_white_space_around_a_text_is_dropped() -> None:
    assert Titled(title="  abc ").title == "abc"


@pytest.mark.parametrize("title", ["", "   ", "abcdef", 1, None, True])
def test_a_text_is_not_blank_not_too_long_and_a_string(title: object) -> None:
    with pytest.raises(ValidationError):
        Titled.model_validate({"title": title})


def test_a_field_that_was_not_declared_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Titled.model_validate({"title": "a", "other": 1})
