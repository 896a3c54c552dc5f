"""JSON without NaN and Infinity, which Python writes and no JavaScript client reads: it would drop its connection."""

import json
from typing import Any, NoReturn


def dumps(value: Any, **options: Any) -> str:
    """``value`` as JSON; ValueError if it holds NaN or Infinity."""
    return json.dumps(value, allow_nan=False, **options)


def loads(text: str | bytes, **options: Any) -> Any:
    """What the JSON ``text`` says; ValueError if it is none."""
    return json.loads(text, parse_constant=_refuse, **options)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
