"""When something is wrong, and when it no longer is: decided from one sample to the next, without a clock."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from app.events.monitoring import AlertLevel
from app.monitoring.schemas import Sample

RAISED_AFTER = 3  # samples above the threshold, one behind the other
RESOLVED_AFTER = 6  # samples that are clearly beneath it
CLEARLY = 0.8  # of the threshold; between the two nothing changes


@dataclass(frozen=True)
class Threshold:
    """What is not to be above a value.

    Attributes:
        code: what programs know it by.
        level: how bad it is.
        what: begins the message, such as ``The event loop is late``.
        unit: behind its values.
        value: reads it in a sample; None: there is nothing to read.
        most: the value; 0 turns the alert off.
    """

    code: str
    level: AlertLevel
    what: str
    unit: str
    value: Callable[[Sample], float | None]
    most: float


class Turn(Enum):
    """What a sample brought about."""

    RAISED = "raised"
    RESOLVED = "resolved"


class Watched:
    """One threshold, and whether what it is about is wrong now.

    It is wrong after :data:`RAISED_AFTER` samples above the threshold, and right again after :data:`RESOLVED_AFTER`
    below :data:`CLEARLY` of it: a value that swings around the threshold raises one alert, not one a minute.
    """

    def __init__(self, threshold: Threshold) -> None:
        self.threshold = threshold
        self.is_wrong = False
        self._above = 0
        self._beneath = 0

    def look(self, sample: Sample) -> Turn | None:
        """Take one more sample; what it changes is asked for again with the next one, until it is :meth:`told`."""
        value, most = self.threshold.value(sample) or 0.0, self.threshold.most
        self._above = self._above + 1 if value > most else 0
        self._beneath = self._beneath + 1 if value <= CLEARLY * most else 0
        if not self.is_wrong and self._above >= RAISED_AFTER:
            return Turn.RAISED
        if self.is_wrong and self._beneath >= RESOLVED_AFTER:
            return Turn.RESOLVED
        return None

    def told(self, turn: Turn) -> None:
        """What was found is stored, and told of."""
        self.is_wrong = turn is Turn.RAISED
