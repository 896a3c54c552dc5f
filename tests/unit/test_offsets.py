"""Offsets, as clients keep them."""

import pytest

from app.engine.offsets import Offset


@pytest.mark.parametrize("offset", [Offset(0), Offset(12), Offset(12, "chat-x:y", 3, 10**15)])
def test_an_offset_is_read_as_it_was_written(offset: Offset) -> None:
    assert Offset.parse(str(offset)) == offset


@pytest.mark.parametrize("text", ["", "x", "-1", "1:2", "1:2:", "1:2:a", "1:2:3:", "1::3:a", "\u0661", "1" * 19, "1\n"])
def test_other_texts_are_no_offsets(text: str) -> None:
    assert Offset.parse(text) is None


def test_an_offset_of_a_replay_says_how_far_that_room_has_come() -> None:
    offset = Offset(12, "a", 3)
    assert (offset.of("a"), offset.of("b")) == (3, 12)
