"""Cursors: what a list gave comes back as it was, and nothing else does."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import column

from app.core import json
from app.core.errors import ValidationFailed
from app.core.pagination import NEWEST, Cursor, Order, PageQuery, Part

DATED = Order("due", (Part(column=column("due_at")), Part()), descending=False)
ID = "01a213da-a2b0-74a9-9c34-a44c03d73b2d"
times = st.datetimes(timezones=st.just(UTC))
ids = st.uuids().map(str)


def forged(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@given(time=times, id=ids)
def test_a_cursor_reads_as_it_was_written(time: datetime, id: str) -> None:
    for cursor in (Cursor("due", 0, time, id), Cursor("due", 1, None, id)):
        assert Cursor.read(cursor.text(), DATED) == cursor


@given(time=times, id=ids)
def test_a_list_takes_its_own_cursors(time: datetime, id: str) -> None:
    longest = Cursor("-priority", 0, time, id).text()
    assert PageQuery(cursor=longest).cursor == longest


def test_a_cursor_of_another_order_is_refused() -> None:
    with pytest.raises(ValidationFailed):
        Cursor.read(Cursor("due", 1, None, ID).text(), NEWEST)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "é",
        forged(ID),
        forged(None),
        forged(["due", 1, None]),
        forged({"due": 1, "b": 2, "c": 3, "d": 4}),
        forged(["due", -1, None, ID]),
        forged(["due", 2, None, ID]),
        forged(["due", "1", None, ID]),
        forged(["due", [], None, ID]),
        forged(["due", 1, None, "no id"]),
        forged(["due", 1, None, 7]),
        forged(["due", 0, None, ID]),
        forged(["due", 0, 5, ID]),
        forged(["due", 0, 1.5, ID]),
        forged(["due", 1, "2026-01-01T00:00:00Z", ID]),
        forged(["due", 0, "soon", ID]),
        forged(["due", 0, "0001-01-01T00:00:00+23:00", ID]),
        forged(["due", 0, "2026-01-01T00:00:00", ID]),
    ],
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        Cursor.read(text, DATED)
    assert list(refused.value.details) == ["cursor"]


@settings(max_examples=50)
@given(st.text(max_size=128) | st.binary(max_size=90).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_whatever_else_is_sent_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed):
        Cursor.read(text, DATED)


@pytest.mark.parametrize("number", [0.0, False])
def test_a_number_of_another_kind_names_the_same_part(number: object) -> None:
    time = "2026-01-01T00:00:00Z"
    assert Cursor.read(forged(["due", number, time, ID]), DATED).part == 0
