"""Which rooms a socket is in, and what it has heard of each: arithmetic, without a database or a socket."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from secrets import randbelow
from typing import NamedTuple

from app.engine.envelope import Envelope
from app.engine.offsets import Offset

MOST_REPLAYS = 4  # of one room in one stay

Missed = list[tuple[Envelope, Offset]]


class Replay(NamedTuple):
    """A stretch of a room's past that a socket is sent behind newer events of other rooms.

    Attributes:
        room: the room.
        since: it is sent what came after this event,
        until: up to this one,
        at: behind this one, which was the newest then.
        number: by which an offset speaks of it,
        heard: but not up to this one, which it heard before its link was cut.
    """

    room: str
    since: int
    until: int
    at: int
    number: int
    heard: int

    def sends(self, envelope: Envelope) -> bool:
        """Whether an event is among what it sends."""
        return self.room in envelope.rooms and self.heard < envelope.number <= self.until

    def has_sent(self, envelope: Envelope) -> bool:
        """Whether an event is among what was heard of it before."""
        return self.room in envelope.rooms and self.since < envelope.number <= self.heard

    def to(self, envelope: Envelope) -> Offset:
        """Where a client stands that has heard it up to an event."""
        return Offset(self.at, self.room, envelope.number, self.number)


@dataclass
class Memberships:
    """The rooms that a socket is in, and what it is sent of each.

    Attributes:
        entered: of each room, the event after which the socket hears all as it comes.
        replays: what it is sent of the time before, in the order of sending. Each stretch of a room ends where the one
            before it begins, and the first where the socket entered.
        next: the number of its next replay. Two sessions have none in common: a client may come with an offset of its
            session before this one.
    """

    entered: dict[str, int] = field(default_factory=dict)
    replays: list[Replay] = field(default_factory=list)
    next: int = field(default_factory=lambda: randbelow(10**15))

    def __contains__(self, room: str) -> bool:
        return room in self.entered

    def enter(self, room: str, at: int) -> None:
        """Hear ``room`` from the event ``at`` on, unless it is heard already."""
        self.entered.setdefault(room, at)

    def leave(self, room: str) -> bool:
        """Hear ``room`` no more; returns whether it was heard.

        What was heard of it may be told again, if the link is cut in a replay of another room with the same events.
        """
        self.replays = [each for each in self.replays if each.room != room]
        return self.entered.pop(room, None) is not None

    def beginnings(self) -> dict[str, int]:
        """Of each room, the event after which all of it is heard, as it comes or in a replay."""
        return _beginnings(self.entered, self.replays)

    def replay(self, room: str, since: int, at: int, found: Iterable[Envelope]) -> Missed:
        """Enter ``room`` with its past after ``since``.

        Each stretch is kept, for a link may be cut in any of them, and there must be an end to that: who asks for ever
        more of one room is sent all of it in the end, as if it had left.

        Args:
            at: the newest event.
            found: what is kept of the room after ``since``, in order.

        Returns:
            What is not heard already, each with the offset to go with it.
        """
        if sum(each.room == room for each in self.replays) == MOST_REPLAYS:
            self.leave(room)
        heard = self.beginnings()
        self.enter(room, at)
        if since >= heard.get(room, at):
            return []
        replay = Replay(room, since, heard.get(room, at), at, self.next, heard=since)
        self.replays.append(replay)
        self.next += 1
        return [
            (each, replay.to(each))
            for each in found
            if replay.sends(each) and not any(heard.get(other, at) < each.number for other in each.rooms)
        ]

    def resumed(self, heard: Offset) -> "Memberships":
        """Those of a client that comes back with the offset ``heard``: what was lost of its replays is sent anew.

        Anew is what is not newer than ``heard``; the rest of such a room comes with all that is newer.
        """
        now, replays = heard.seq, [self._known(each, heard) for each in self.replays]
        beginnings = _beginnings(self.entered, (each for each in replays if each.heard < each.until))
        entered = {room: at if at <= now else max(now, beginnings[room]) for room, at in self.entered.items()}
        resumed = Memberships(entered, next=self.next)
        for each in replays:
            if each.heard == each.until:
                resumed.replays.append(each)
            elif each.heard < now:
                resumed.replays.append(each._replace(until=min(each.until, now), at=now))
        return resumed

    def _known(self, replay: Replay, heard: Offset) -> Replay:
        """A replay, with how far a client with the offset ``heard`` has come in it."""
        if (replay.at, replay.number) == (heard.seq, heard.replay):
            return replay._replace(heard=heard.reached)
        if replay.at < heard.seq or (replay.at == heard.seq and replay.number < heard.replay < self.next):
            return replay._replace(heard=replay.until)
        return replay


class Standing:
    """What a client that comes back has heard, and what it is to hear.

    Attributes:
        memberships: what it hears, once it is sent what it missed.
        since: all that it may have missed came after this event; None when it is in no room.

    Args:
        before: the rooms that it was in.
        heard: the newest offset that it got.
    """

    def __init__(self, before: Memberships, heard: Offset) -> None:
        self.memberships = before.resumed(heard)
        self._newest = heard.seq
        self._lost = [each for each in self.memberships.replays if each.heard < each.until]
        begins = [max(at, heard.seq) for at in self.memberships.entered.values()] + [each.heard for each in self._lost]
        self.since = min(begins, default=None)

    def missed(self, found: Iterable[Envelope], allowed: Collection[str]) -> Missed:
        """What it has heard in none of its rooms: first what was lost of the replays, one after the other.

        Args:
            found: what its rooms were sent after :attr:`since`, in order.
            allowed: the rooms that it may still hear.

        Returns:
            Each with the offset to go with it.
        """
        late: defaultdict[str, list[Envelope]] = defaultdict(list)
        newer: Missed = []
        for each in found:
            if each.number > self._newest:
                if self._comes(each, allowed):
                    newer.append((each, Offset(each.number)))
            elif not self._has_heard(each):
                for room in each.rooms:
                    late[room].append(each)
        again: dict[int, tuple[Envelope, Offset]] = {}
        for replay in self._lost:
            if replay.room in allowed:
                for each in late[replay.room]:
                    if replay.sends(each):
                        again.setdefault(each.number, (each, replay.to(each)))
        return [*again.values(), *newer]

    def _comes(self, envelope: Envelope, rooms: Collection[str]) -> bool:
        """Whether it hears an event as it comes, in any of ``rooms``."""
        entered = self.memberships.entered
        return any(room in rooms and entered.get(room, envelope.number) < envelope.number for room in envelope.rooms)

    def _has_heard(self, envelope: Envelope) -> bool:
        return self._comes(envelope, self.memberships.entered) or any(
            each.has_sent(envelope) for each in self.memberships.replays
        )


def _beginnings(entered: Mapping[str, int], replays: Iterable[Replay]) -> dict[str, int]:
    found = dict(entered)
    for each in replays:
        found[each.room] = min(found[each.room], each.since)
    return found
