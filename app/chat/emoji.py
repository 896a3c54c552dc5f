"""What may be put on a message as a reaction."""

import unicodedata

from app.core.errors import ValidationFailed

LONGEST_EMOJI = 32  # code points; a flag of a part of a country takes 7, a family with skin tones 11


def parse_emoji(text: str) -> str:
    """``text``, when it can be a reaction: short, visible, one piece.

    Which characters are emojis changes each year, so a table of them would refuse the newest.

    Raises:
        ValidationFailed: it is longer than 32 code points, or holds white space or a control character.
    """
    if len(text) > LONGEST_EMOJI:
        raise ValidationFailed("The request is not valid.", {"emoji": f"takes {LONGEST_EMOJI} characters at most"})
    if any(character.isspace() or unicodedata.category(character) == "Cc" for character in text):
        raise ValidationFailed("The request is not valid.", {"emoji": "takes no white space or control characters"})
    return text
