"""Which of the committed events leave now, which a newer one supersedes, and which are held: without a database.

- An event without a pace leaves at once. What is held in one of its rooms leaves before it, so that each room hears
  what it hears in the order of the commits.
- An event with a pace leaves as soon as that lets it, behind what is held in one of its rooms.
- While it waits, a newer one of its key takes its place, if that goes to all of its rooms. What leaves is at the place
  of the newer one.
- A control message by which sockets lose rooms is a barrier: everything before it leaves first, and nothing is
  superseded by what comes behind it. Any other control message leaves at once, and changes nothing of what is held.
- A key that a ceiling has held back for :data:`PATIENCE` leaves, with what is held before it: a room in which more
  keys change than its ceiling lets pass would else never hear of the busiest.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.engine.pace import PATIENCE, Pace, Sent

MOST_HELD = 500  # each turn of the relay reads them anew, 4 ms; beyond that the oldest leave


class Waiting(NamedTuple):
    """A committed event that was not sent yet.

    Attributes:
        rooms: those that hear it; of a control message, none does.
        is_barrier: whether it is a control message that nothing may be held or superseded across.
    """

    id: int
    event: str
    rooms: tuple[str, ...]
    pace: Pace | None
    is_barrier: bool = False


class Decision(NamedTuple):
    """What becomes of those that wait.

    Attributes:
        leaving: those that leave now, in this order.
        superseded: those that never leave.
        held: the others.
        due: when the first of those that are held may leave; None when there is none.
    """

    leaving: list[Waiting]
    superseded: list[Waiting]
    held: list[Waiting]
    due: float | None


class Conflation:
    """Decides, each time anew, what becomes of the events that wait.

    Attributes:
        sent: when events left.
    """

    def __init__(self) -> None:
        self.sent = Sent()
        self._held_since: dict[str, float] = {}

    def decide(self, waiting: Sequence[Waiting], now: float) -> Decision:
        """Decide, and remember what leaves as sent.

        Args:
            waiting: in the order of the commits.
            now: the time, of the clock of :class:`Sent`.
        """
        kept, superseded = _without_superseded(waiting)
        line = _Line(self.sent, self._held_since, now)
        for each in kept:
            line.take(each)
        line.keep_few()
        self._held_since = {pace.key: self._held_since.get(pace.key, now) for each, pace, _ in line.held}
        held = [each for each, _, _ in line.held]
        return Decision(line.leaving, superseded, held, min((until for _, _, until in line.held), default=None))


def _without_superseded(waiting: Sequence[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """Those that no newer one supersedes; and the others."""
    kept: list[Waiting] = []
    superseded: list[Waiting] = []
    newer: dict[str, set[str]] = {}  # by key: the rooms of the next one that is kept
    for each in reversed(waiting):
        if each.is_barrier:
            newer.clear()
        elif each.pace is not None:
            rooms = newer.get(each.pace.key)
            if rooms is not None and rooms.issuperset(each.rooms):
                superseded.append(each)
                continue
            newer[each.pace.key] = set(each.rooms)
        kept.append(each)
    return kept[::-1], superseded[::-1]


class _Held(NamedTuple):
    waiting: Waiting
    pace: Pace
    until: float


class _Line:
    """Takes events in the order of the commits: each leaves, or joins those that are held."""

    def __init__(self, sent: Sent, held_since: dict[str, float], now: float) -> None:
        self.leaving: list[Waiting] = []
        self.held: list[_Held] = []
        self._sent = sent
        self._held_since = held_since
        self._now = now
        self._until: dict[str, float] = {}  # by room: when all that is held in it may have left

    def take(self, waiting: Waiting) -> None:
        """Let it leave, or hold it."""
        pace = waiting.pace
        if pace is None:
            self._release_before(waiting)
            self._leave(waiting)
            return
        key_free, rooms_free = self._sent.key_is_free_at(waiting), self._sent.rooms_are_free_at(waiting)
        patience_ends = self._held_since.get(pace.key, self._now) + PATIENCE
        if max(key_free, patience_ends) <= self._now:
            self._release_before(waiting)
            self._leave(waiting)
            return
        behind = max((self._until.get(room, 0.0) for room in waiting.rooms), default=0.0)
        until = max(key_free, min(max(rooms_free, behind), patience_ends))
        if until > self._now:
            self._hold(_Held(waiting, pace, until))
        else:
            self._leave(waiting)

    def keep_few(self) -> None:
        """Let the oldest leave if too many are held."""
        excess, self.held = self.held[:-MOST_HELD], self.held[-MOST_HELD:]
        for each in excess:
            self._leave(each.waiting)

    def _hold(self, held: _Held) -> None:
        self.held.append(held)
        for room in held.waiting.rooms:
            self._until[room] = max(held.until, self._until.get(room, 0.0))

    def _leave(self, waiting: Waiting) -> None:
        self.leaving.append(waiting)
        if waiting.pace is not None:
            self._sent.note(waiting, self._now)
            self._held_since.pop(waiting.pace.key, None)

    def _release_before(self, waiting: Waiting) -> None:
        """Let leave what must be heard before ``waiting``, and what must be heard before that."""
        rooms = set(waiting.rooms)
        if not waiting.is_barrier and self._until.keys().isdisjoint(rooms):
            return
        released: list[_Held] = []
        staying: list[_Held] = []
        for held in reversed(self.held):
            if waiting.is_barrier or not rooms.isdisjoint(held.waiting.rooms):
                rooms.update(held.waiting.rooms)
                released.append(held)
            else:
                staying.append(held)
        self.held, self._until = [], {}
        for held in reversed(staying):
            self._hold(held)
        for held in reversed(released):
            self._leave(held.waiting)
