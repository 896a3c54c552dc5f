"""What may be put on a message as a reaction."""

import unicodedata

from app.core.errors import ValidationFailed

AS_PICTURE = "\ufe0f"  # a variation selector (UTS #51, section 1.4.3)
LONGEST_EMOJI = 32  # code points; a flag of a part of a country takes 7, a family with skin tones 11


def parse_emoji(text: str) -> str:
    """``text``, when it can be a reaction: short, one piece, and a picture.

    Which characters are emojis changes each year, so a table of them would refuse the newest.

    Raises:
        ValidationFailed: it is longer than 32 code points, holds white space or a control character, or is only text.
    """
    if len(text) > LONGEST_EMOJI:
        raise ValidationFailed("The request is not valid.", {"emoji": f"takes {LONGEST_EMOJI} characters at most"})
    if any(character.isspace() or unicodedata.category(character) == "Cc" for character in text):
        raise ValidationFailed("The request is not valid.", {"emoji": "takes no white space or control characters"})
    if not _holds_a_picture(text):
        raise ValidationFailed("The request is not valid.", {"emoji": "must be an emoji"})
    return text


def _holds_a_picture(text: str) -> bool:
    """Whether a plain character is to be shown as a picture (as in 1️⃣), or one beyond ASCII is a symbol or unknown."""
    kinds = {unicodedata.category(character) for character in text if not character.isascii()}
    return AS_PICTURE in text[1:] or any(kind[0] in "SP" or kind == "Cn" for kind in kinds)
