"""What clients do wrong, in the log: however much of it there is, a line a second."""

from logging import Logger
from time import monotonic

EVERY = 1.0  # seconds between two lines


class Complaints:
    """Logs the first of each second, with the number of those that it kept to itself since the last line."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._told_at = -EVERY
        self._kept = 0

    def __call__(self, of: str) -> None:
        now = monotonic()
        if now - self._told_at < EVERY:
            self._kept += 1
            return
        more = f" (and {self._kept} more before it)" if self._kept else ""
        self._logger.warning("a client broke the protocol: %s%s; it is dropped", of, more)
        self._told_at, self._kept = now, 0
