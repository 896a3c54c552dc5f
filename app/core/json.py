"""JSON as RFC 8259 has it, for HTTP bodies, socket packets and stored payloads alike.

The standard library accepts NaN and Infinity, which every JavaScript client refuses (it drops the link), and lone
surrogates, which no database stores. orjson refuses both.
"""

from typing import Any

import orjson


def dumps(value: Any, **_: Any) -> str:
    """``value`` as compact JSON text. Python-socketio passes ``separators``; this is what they would say."""
    return orjson.dumps(value).decode()


def loads(text: str | bytes) -> Any:
    """The value that ``text`` says.

    Raises:
        ValueError: not JSON, or a string in it holds U+0000, which PostgreSQL can't store.
    """
    value = orjson.loads(text)
    escaped = "\\u0000" in text if isinstance(text, str) else b"\\u0000" in text
    if escaped and _holds_nul(value):
        raise ValueError("a string holds the character U+0000")
    return value


def _holds_nul(value: Any) -> bool:
    waiting = [value]  # not recursive: a body may be nested deeper than Python's stack is
    while waiting:
        match waiting.pop():
            case str(text) if "\0" in text:
                return True
            case dict(items):
                waiting += [*items, *items.values()]
            case list(items):
                waiting += items
    return False
