"""Which time a metric is about."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.clock import now

DEFAULT_LENGTH = timedelta(days=30)
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Window:
    """The time from ``start`` until just before ``end``, both aware."""

    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        return (self.end - self.start) / timedelta(days=1)

    def split(self, step: timedelta) -> list["Window"]:
        """The windows of length ``step`` that follow each other from ``start``; the last ends at ``end``."""
        starts = [self.start]
        while self.end - starts[-1] > step:
            starts.append(starts[-1] + step)
        return [Window(start, end) for start, end in zip(starts, [*starts[1:], self.end], strict=True)]


def recent() -> Window:
    """The last 30 days. Times are kept to the millisecond, and the present one counts: it is what just happened."""
    end = now() + timedelta(milliseconds=1)
    return Window(end - DEFAULT_LENGTH, end)
