"""JSON without NaN and Infinity, which Python writes and no JavaScript client reads: it would drop its connection."""

import json
from math import isinf
from typing import Any, NoReturn


def dumps(value: Any, **options: Any) -> str:
    """``value`` as JSON; ValueError if it holds NaN or Infinity."""
    return json.dumps(value, allow_nan=False, **options)


def loads(text: str | bytes, **options: Any) -> Any:
    """What the JSON ``text`` says; ValueError if it is none, or holds a number that Python reads as Infinity."""
    return json.loads(text, parse_constant=_refuse, parse_float=_finite, **options)


def _finite(number: str) -> float:
    value = float(number)
    if isinf(value):
        raise ValueError(f"{number} is too large a number")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
