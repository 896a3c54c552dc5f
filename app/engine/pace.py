"""How often events may leave, and when they did: what delays one is decided here, without a clock of its own."""

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import NamedTuple, Protocol

MOST_WINDOW = 10.0  # seconds; who waits longer for the newest would rather ask
CEILING_SECONDS = 1.0
MOST_DELIVERIES = 10_000  # in a second, of one name in one room: at 12 µs each an eighth of what a process can do


@dataclass(frozen=True, slots=True)
class Pace:
    """How often an event may leave. Of those with one key that wait, the newest alone leaves.

    Attributes:
        key: what the event tells the newest of.
        window: seconds between two of the key. An event that comes behind a quiet window leaves at once.
        ceiling: how many events of one name a room hears in a second at the most; None: as many as there are. Of more
            keys than that each waits for its turn: keys / ceiling seconds. A room so large that they would be more than
            :data:`MOST_DELIVERIES` hears fewer, where its size is known.

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
    """At most so many of one name in so many seconds, of a number that may change, up to so many ever."""

    name: Hashable
    most: int
    most_ever: int
    seconds: float


_NOBODY: Mapping[Hashable, int] = {}


class Sent:
    """When events left, as far back as that delays others.

    Times are seconds of a clock that never goes back.

    Args:
        size: how many are in a room; unless given, rooms are small.
    """

    def __init__(self, size: Callable[[str], int] = lambda _: 0) -> None:
        self._size = size
        self._times: dict[Hashable, deque[float]] = {}
        self._swept_at = 0.0

    def __len__(self) -> int:
        return len(self._times)

    def note(self, paced: Paced, at: float) -> None:
        """Remember that ``paced`` left."""
        self._sweep(at)
        for limit in (*_of_key(paced), *self._of_rooms(paced)):
            self._times.setdefault(limit.name, deque(maxlen=limit.most_ever)).append(at)

    def key_is_free_at(self, paced: Paced) -> float:
        """From when on the window of its key lets ``paced`` leave."""
        return max(map(self._free_at, _of_key(paced)), default=0.0)

    def rooms_are_free_at(self, paced: Paced, ahead: Mapping[Hashable, int] = _NOBODY) -> float:
        """From when on the ceiling of its rooms lets ``paced`` leave.

        Args:
            paced: the event.
            ahead: by name and room, how many go first. A room that has no place for more is free at ``inf``.
        """
        limits = self._of_rooms(paced)
        return max((self._free_at(limit, ahead.get(limit.name, 0)) for limit in limits), default=0.0)

    def is_free_at(self, paced: Paced) -> float:
        """From when on both do."""
        return max(self.key_is_free_at(paced), self.rooms_are_free_at(paced))

    def _free_at(self, limit: _Limit, ahead: int = 0) -> float:
        most = limit.most - ahead
        if most < 1:
            return inf
        times = self._times.get(limit.name)
        return times[-most] + limit.seconds if times and len(times) >= most else 0.0

    def _of_rooms(self, paced: Paced) -> Iterator[_Limit]:
        if paced.pace is not None and paced.pace.ceiling is not None:
            ceiling = paced.pace.ceiling
            for room in paced.rooms:
                bearable = max(1, MOST_DELIVERIES // max(1, self._size(room)))
                yield _Limit((paced.event, room), min(ceiling, bearable), ceiling, CEILING_SECONDS)

    def _sweep(self, now: float) -> None:
        """Forget, now and then, what delays nothing any more: keys come and go with what they are about."""
        if now - self._swept_at < MOST_WINDOW:
            return
        self._swept_at = now
        self._times = {name: times for name, times in self._times.items() if now - times[-1] < MOST_WINDOW}


def _of_key(paced: Paced) -> Iterator[_Limit]:
    if paced.pace is not None and paced.pace.window:
        yield _Limit(paced.pace.key, 1, 1, paced.pace.window)
