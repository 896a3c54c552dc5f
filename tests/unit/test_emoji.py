"""What may be put on a message as a reaction."""

import pytest

from app.chat.emoji import LONGEST_EMOJI, parse_emoji
from app.core.errors import ValidationFailed


@pytest.mark.parametrize(
    "emoji",
    [
        "👍",
        "👍🏽",
        "❤️",
        "1️⃣",
        "👩🏽‍❤️‍💋‍👨🏿",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # the flag of Scotland
        "🫩",  # of Unicode 16, which this Python may not know
        "\u2139\ufe0f",  # a letter, shown as a picture
        "‼",
        "👍" * LONGEST_EMOJI,
    ],
)
def test_a_short_visible_piece_is_an_emoji(emoji: str) -> None:
    assert parse_emoji(emoji) == emoji


@pytest.mark.parametrize("text", ["abc", "+1", ":)", "é", "да", "\u200b", "\ufe0f"])
def test_a_text_is_no_emoji(text: str) -> None:
    with pytest.raises(ValidationFailed, match="not valid"):
        parse_emoji(text)


@pytest.mark.parametrize(
    "text", ["👍" * (LONGEST_EMOJI + 1), " ", "👍 👍", "\u2003", "\u2028", "\x00", "a\x1b", "\x85"]
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        parse_emoji(text)
    assert list(refusal.value.details) == ["emoji"]
