"""What clients can cause as often as they like, in the log: a line a second of each kind, and how many it left out."""

import logging
from collections.abc import Hashable
from dataclasses import dataclass
from time import monotonic
from typing import Any

EVERY = 1.0  # seconds between two lines of a kind


@dataclass
class _Kind:
    told_at: float = -EVERY
    left_out: int = 0


class BoundedLog:
    """Logs the first of a kind in each second, with the number of those that it kept to itself before it.

    Args:
        logger: where to.
        level: as what.
    """

    def __init__(self, logger: logging.Logger, level: int = logging.INFO) -> None:
        self._logger = logger
        self._level = level
        self._kinds: dict[Hashable, _Kind] = {}

    def __call__(self, kind: Hashable, message: str, **context: Any) -> None:
        """Log ``message`` if it is time to.

        Args:
            kind: what is counted together; there are few of them.
            message: what happened.
            context: further fields of the line.
        """
        if not self._logger.isEnabledFor(self._level):
            return
        found = self._kinds.setdefault(kind, _Kind())
        now = monotonic()
        if now - found.told_at < EVERY:
            found.left_out += 1
            return
        if found.left_out:
            context["left_out"] = found.left_out
        self._logger.log(self._level, message, extra=context)
        found.told_at, found.left_out = now, 0
