"""Where a socket stands: the arithmetic of offsets, without a database or a socket.

A socket hears the events of several rooms in one order, so one number says what it has heard of all of them: the
``seq`` of the newest. That breaks when it enters a room with ``since``: the room's older events are sent to it alone,
behind newer ones of other rooms. An offset that comes with such an event therefore says two things: how far the socket
has heard everything else, and how far this one room's replay has come.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_TEXT = re.compile(r"(\d{1,18})(?::(\d{1,18}):(.{1,128}))?", re.ASCII)


@dataclass(frozen=True)
class Offset:
    """What a client has heard.

    Attributes:
        seq: everything up to this event; but
        room: of this room, whose replay is under way,
        reached: only everything up to this one.
    """

    seq: int
    room: str | None = None
    reached: int = 0

    @classmethod
    def parse(cls, text: str) -> "Offset | None":
        """The offset that ``text`` says, or None when it is none that a server sent."""
        match = _TEXT.fullmatch(text)
        if match is None:
            return None
        seq, reached, room = match.groups()
        return cls(int(seq)) if room is None else cls(int(seq), room, int(reached))

    def __str__(self) -> str:
        return f"{self.seq}" if self.room is None else f"{self.seq}:{self.reached}:{self.room}"

    def of(self, room: str) -> int:
        """How far the client has heard ``room``."""
        return self.reached if room == self.room else self.seq


@dataclass(frozen=True)
class Membership:
    """A socket's stay in a room.

    Attributes:
        since: it is to hear the events after this one. Older than ``at`` only after a join with ``since``.
        at: the newest event when it entered; what came between the two was replayed to it, after that event.
        live: what came after this one it heard as it came, though that was before `at`: it was in the room already
            when it asked for older events. None: nothing before `at`.
    """

    since: int
    at: int
    live: int | None = None

    def replayed(self, since: int, at: int) -> "Membership":
        """
        That of a socket which is in the room, and is sent what came after ``since`` and before it entered.

        Whether an older replay arrived is not known: after a cut in the middle of this one, that one may be told again.
        """
        return Membership(since, at, self.at if self.live is None else self.live)


def positions(memberships: Mapping[str, Membership], heard: Offset) -> dict[str, int]:
    """How far a client has heard each of its rooms.

    Args:
        memberships: by room, in the order of entering: replays were sent in that order.
        heard: the newest offset that the client got.
    """
    found = {}
    replayed = heard.room in memberships  # then so were the rooms that were entered before that one
    for room, membership in memberships.items():
        if room == heard.room:
            found[room] = heard.reached
            replayed = False
        elif membership.at < heard.seq or (membership.at == heard.seq and replayed):
            found[room] = heard.seq
        else:
            found[room] = membership.since
    return found


class Standing:
    """What a client that comes back has heard.

    Attributes:
        heard_of: how far it has heard each of its rooms.

    Args:
        memberships: its rooms, in the order of entering.
        heard: the newest offset that it got.
    """

    def __init__(self, memberships: Mapping[str, Membership], heard: Offset) -> None:
        self.heard_of = positions(memberships, heard)
        self._memberships = memberships
        self._newest = heard.seq

    def misses(self, seq: int, rooms: Collection[str], allowed: Collection[str]) -> bool:
        """Whether it should hear an event and has heard it in none of its rooms.

        Args:
            seq: the event's number.
            rooms: the event's rooms.
            allowed: the rooms that it may still hear.
        """
        mine = [room for room in rooms if room in self._memberships]
        heard = any(self._has_heard(seq, room) for room in mine)
        return not heard and any(seq > self.heard_of[room] and room in allowed for room in mine)

    def _has_heard(self, seq: int, room: str) -> bool:
        stay = self._memberships[room]
        as_it_came = stay.live is not None and stay.live < seq <= self._newest
        return as_it_came or stay.since < seq <= self.heard_of[room]
