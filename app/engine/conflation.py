"""Which of the committed events leave now, which a newer one supersedes, and which are held: without a database.

- An event without a pace leaves at once. What is held in one of its rooms leaves before it.
- An event with a pace leaves as soon as its window and the ceilings of its rooms let it. Where more wait than a ceiling
  lets leave, that leaves first whose key has waited longest.
- While it waits, a newer one of its key takes its place and its turn, if that goes to all of its rooms. Else the newer
  one waits behind it.
- A control message by which sockets lose rooms is a barrier: everything before it leaves first, and nothing is
  superseded by what comes behind it. Any other control message leaves at once, and changes nothing of what is held.
- Of more than :data:`MOST_HELD` those leave whose keys came last in the fullest room. Were it who waited longest, each
  would leave right before a newer one of its key comes, and nothing would be superseded.

So each room hears those of one key, and those without a pace among all others, in the order of the commits. Of two keys
that are held, one may overtake the other: else the busiest, whose newest is always the last, would never have a turn.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from math import inf
from operator import attrgetter
from typing import NamedTuple

from app.engine.pace import Pace, Sent

MOST_HELD = 1000  # each turn of the relay reads them anew and decides on them: 6 ms

_id = attrgetter("id")


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
    """What becomes of those that wait; each list is in the order of the commits.

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


class _Held(NamedTuple):
    waiting: Waiting
    pace: Pace
    until: float  # inf: others of its key or its rooms have to leave first


class Conflation:
    """Decides, each time anew, what becomes of the events that wait, and remembers what left."""

    def __init__(self) -> None:
        self._sent = Sent()
        self._waits_since: dict[str, float] = {}  # by key

    def note(self, waiting: Waiting, at: float) -> None:
        """Remember that ``waiting`` left. What comes of its key has a new turn."""
        self._sent.note(waiting, at)
        if waiting.pace is not None:
            self._waits_since.pop(waiting.pace.key, None)

    def decide(self, waiting: Sequence[Waiting], now: float) -> Decision:
        """Decide, and remember what leaves.

        Args:
            waiting: in the order of the commits.
            now: the time, of a clock that never goes back.
        """
        kept, superseded = _without_superseded(waiting)
        leaving, patient = _apart(kept)
        for each in leaving:
            self.note(each, now)
        held = self._line_up(patient, leaving, now)
        if len(held) > MOST_HELD:
            keys = _of_the_fullest_rooms(held, len(held) - MOST_HELD)
            evicted = [each for each, pace, _ in held if pace.key in keys]
            for each in evicted:
                self.note(each, now)
            leaving += evicted
            held = self._line_up([(each, pace) for each, pace, _ in held if pace.key not in keys], leaving, now)
        self._waits_since = {each.pace.key: self._waits_since.get(each.pace.key, now) for each in held}
        due = min((each.until for each in held), default=None)
        return Decision(sorted(leaving, key=_id), superseded, sorted((each.waiting for each in held), key=_id), due)

    def _line_up(self, patient: list[tuple[Waiting, Pace]], leaving: list[Waiting], now: float) -> list[_Held]:
        """Those that are held, who waits longest first; the others join those that leave."""
        held: list[_Held] = []
        keys: set[str] = set()
        next_up: Counter[Hashable] = Counter()  # by name and room: who waits for the ceiling alone, up to the ceiling
        for each, pace in sorted(patient, key=lambda one: self._waits_since.get(one[1].key, now)):
            names = [(each.event, room) for room in each.rooms]
            most = inf if pace.ceiling is None else pace.ceiling
            if pace.key in keys or any(next_up.get(name, 0) >= most for name in names):
                keys.add(pace.key)
                held.append(_Held(each, pace, inf))
                continue
            key_free_at = self._sent.key_is_free_at(each)
            until = max(key_free_at, self._sent.rooms_are_free_at(each, next_up))
            if until <= now:
                self.note(each, now)
                leaving.append(each)
                continue
            keys.add(pace.key)
            held.append(_Held(each, pace, until))
            if key_free_at <= now:
                next_up.update(names)
        return held


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


def _apart(kept: Sequence[Waiting]) -> tuple[list[Waiting], list[tuple[Waiting, Pace]]]:
    """Those that can't wait, with those that must be heard before them; and the others, in the order of the commits."""
    leaving: list[Waiting] = []
    patient: list[tuple[Waiting, Pace]] = []
    behind: set[str] = set()  # the rooms of those that can't wait
    before_all = False
    keys: set[str] = set()  # of those before them, so that what is older of one is heard before that
    for each in reversed(kept):
        if each.pace is None:
            leaving.append(each)
            behind.update(each.rooms)
            before_all = before_all or each.is_barrier
        elif before_all or each.pace.key in keys or not behind.isdisjoint(each.rooms):
            leaving.append(each)
            keys.add(each.pace.key)
        else:
            patient.append((each, each.pace))
    return leaving, patient[::-1]


def _of_the_fullest_rooms(held: Sequence[_Held], count: int) -> set[str]:
    """The keys of ``count`` of those that are held, who waits longest first: the last in line."""
    in_room = Counter(room for each in held for room in each.waiting.rooms)
    fullest_last = sorted(held, key=lambda each: max((in_room[room] for room in each.waiting.rooms), default=0))
    return {each.pace.key for each in fullest_last[-count:]}
