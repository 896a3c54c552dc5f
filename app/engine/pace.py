"""How often events may leave, and when they did: what delays one is decided here, without a clock of its own."""

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

MOST_WINDOW = 10.0  # seconds; who waits longer for the newest would rather ask
CEILING_SECONDS = 1.0
PATIENCE = 2.0  # seconds that a ceiling holds a key back at the most


@dataclass(frozen=True, slots=True)
class Pace:
    """How often an event may leave. Of those with one key that wait, the newest alone leaves.

    Attributes:
        key: what the event tells the newest of.
        window: seconds between two of the key. An event that comes behind a quiet window leaves at once.
        ceiling: how many events of one name a room hears in a second at the most; None: as many as there are.

    Raises:
        ValueError: the window is longer than :data:`MOST_WINDOW`, or the ceiling lets nothing pass.
    """

    key: str
    window: float = 0.0
    ceiling: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.window <= MOST_WINDOW:
            raise ValueError(f"the window of {self.key} is not 0 to {MOST_WINDOW} seconds")
        if self.ceiling is not None and self.ceiling < 1:
            raise ValueError(f"the ceiling of {self.key} is not 1 or more")


class Paced(Protocol):
    """An event as far as its pace goes; without one, nothing delays it."""

    @property
    def event(self) -> str: ...

    @property
    def rooms(self) -> tuple[str, ...]: ...

    @property
    def pace(self) -> Pace | None: ...


class _Limit(NamedTuple):
    """At most so many of one name in so many seconds."""

    name: Hashable
    most: int
    seconds: float


class Sent:
    """When events left, as far back as that delays others.

    Times are seconds of a clock that never goes back.
    """

    def __init__(self) -> None:
        self._times: dict[Hashable, deque[float]] = {}
        self._swept_at = 0.0

    def __len__(self) -> int:
        return len(self._times)

    def note(self, paced: Paced, at: float) -> None:
        """Remember that ``paced`` left."""
        self._sweep(at)
        for limit in (*_of_key(paced), *_of_rooms(paced)):
            self._times.setdefault(limit.name, deque(maxlen=limit.most)).append(at)

    def key_is_free_at(self, paced: Paced) -> float:
        """From when on the window of its key lets ``paced`` leave."""
        return max(map(self._free_at, _of_key(paced)), default=0.0)

    def rooms_are_free_at(self, paced: Paced) -> float:
        """From when on the ceiling of its rooms lets ``paced`` leave."""
        return max(map(self._free_at, _of_rooms(paced)), default=0.0)

    def is_free_at(self, paced: Paced) -> float:
        """From when on both do."""
        return max(self.key_is_free_at(paced), self.rooms_are_free_at(paced))

    def _free_at(self, limit: _Limit) -> float:
        times = self._times.get(limit.name)
        return times[0] + limit.seconds if times and len(times) >= limit.most else 0.0

    def _sweep(self, now: float) -> None:
        """Forget, now and then, what delays nothing any more: keys come and go with what they are about."""
        if now - self._swept_at < MOST_WINDOW:
            return
        self._swept_at = now
        self._times = {name: times for name, times in self._times.items() if now - times[-1] < MOST_WINDOW}


def _of_key(paced: Paced) -> Iterator[_Limit]:
    if paced.pace is not None and paced.pace.window:
        yield _Limit(paced.pace.key, 1, paced.pace.window)


def _of_rooms(paced: Paced) -> Iterator[_Limit]:
    if paced.pace is not None and paced.pace.ceiling is not None:
        for room in paced.rooms:
            yield _Limit((paced.event, room), paced.pace.ceiling, CEILING_SECONDS)
