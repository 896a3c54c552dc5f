"""Who may hear what, and what of it a socket is still to hear: the rules of rooms and rights, written down to be read.

Nothing here knows of the server; `test_rooms_and_rights.py` holds the one against the other.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

OWN = {"/ws/notifications": "notifications", "/ws/tasks": "tasks", "/ws/analytics": "analytics"}
"""The kind of one's own room that a socket in this namespace is in from the beginning."""


class Room(NamedTuple):
    """A room: its kind, and the person, team, department or conversation that it is about."""

    kind: str
    of: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.of}"


@dataclass
class Person:
    """What somebody is, and where they belong."""

    role: str = "member"
    active: bool = True
    teams: set[str] = field(default_factory=set)
    department: str | None = None
    conversations: set[str] = field(default_factory=set)


class Rights:
    """Everybody, and what they may hear because of that."""

    def __init__(self, *names: str) -> None:
        self.people = {name: Person() for name in names}

    def may_hear(self, name: str, room: Room) -> bool:
        """Whether somebody may hear a room now."""
        person = self.people[name]
        if not person.active:
            return False
        match room.kind:
            case "user" | "notifications":
                return room.of == name
            case "tasks" | "analytics":
                return room.of == name or self.manages(name, room.of)
            case "team":
                return room.of in person.teams or person.role == "admin"
            case "department":
                return room.of == person.department or person.role == "admin"
            case "chat":
                return room.of in person.conversations
        raise AssertionError(room)

    def manages(self, name: str, other: str) -> bool:
        """An admin manages everyone, a manager those who share a team with them."""
        person = self.people[name]
        shared = person.teams & self.people[other].teams
        return person.role == "admin" or (person.role == "manager" and bool(shared))

    def given_rooms(self, name: str, namespace: str) -> set[Room]:
        """The rooms that somebody's socket in a namespace is in without joining them."""
        if namespace == "/ws/chat":
            return {Room("chat", conversation) for conversation in self.people[name].conversations}
        return {Room(OWN[namespace], name)} if namespace in OWN else set()


class Canary(NamedTuple):
    """Something that happens in one room or in several; each is heard once. Canaries are numbered from 1."""

    number: int
    rooms: frozenset[Room]


class Ear:
    """One socket of somebody: where it is, and what it has not heard yet and is to hear.

    Attributes:
        stays: the rooms that it is in, each with the number of the newest canary that it is not to hear there.
        replay: what it asked for with `since`: comes first.
        news: what happened in its rooms: comes next, in order.
        stands: the number of the newest canary that it has heard all up to.
        lost: the rooms that it must be told it has left.
    """

    def __init__(self, rights: Rights, name: str, namespace: str, newest: int) -> None:
        self._rights = rights
        self.name = name
        self.namespace = namespace
        self.stays: dict[Room, int] = {}
        self.replay: list[Canary] = []
        self.news: list[Canary] = []
        self.stands = newest
        self.lost: set[Room] = set()
        self.begin(newest)

    def begin(self, newest: int) -> None:
        """A new session: of the one before nothing is left."""
        self.stays = dict.fromkeys(self._rights.given_rooms(self.name, self.namespace), newest)
        self.replay, self.news, self.stands, self.lost = [], [], newest, set()

    def enter(self, room: Room, newest: int) -> None:
        """Hear what happens in a room from now on; who is there already stays."""
        self.stays.setdefault(room, newest)

    def enter_since(self, room: Room, since: int, past: list[Canary]) -> None:
        """Hear first what a room has heard after `since`, but for what happened in a room that it was in then."""
        for canary in past:
            if room in canary.rooms and canary.number > since and not self._was_there(canary):
                self.replay.append(canary)
        self.stays[room] = min(since, self.stays.get(room, since))

    def leave(self, room: Room) -> None:
        """Hear nothing more of a room."""
        self.stays.pop(room, None)

    def happens(self, canary: Canary) -> None:
        """It is to be heard, now or when the socket is back, in whichever of its rooms it happened."""
        if self._was_there(canary):
            self.news.append(canary)

    def rights_changed(self) -> None:
        """A connected socket leaves what it may no longer hear, and is told so."""
        self.lost |= self._leave_what_it_may_not_hear()

    def comes_back(self, past: list[Canary]) -> None:
        """
        It goes on where it was, as far as it may now: what it missed in a room that it may not hear by now is never
        heard, and what happened meanwhile in a room that its namespace stands for by now is.
        """
        self._leave_what_it_may_not_hear()
        for room in self._rights.given_rooms(self.name, self.namespace) - set(self.stays):
            self.stays[room] = self.stands
            missed = [c for c in past if room in c.rooms and c.number > self.stands and c not in self.news]
            self.news = sorted([*self.news, *missed])
        self.replay = [canary for canary in self.replay if self._was_there(canary)]
        self.news = [canary for canary in self.news if self._was_there(canary)]
        self.lost = set()

    def hears(self, most: int | None = None) -> list[int]:
        """The numbers of what it hears next: all that it is to hear, or so much of it."""
        replayed = self.replay[:most]
        heard = self.news[: None if most is None else most - len(replayed)]
        del self.replay[: len(replayed)], self.news[: len(heard)]
        self.stands = heard[-1].number if heard else self.stands
        return [canary.number for canary in (*replayed, *heard)]

    def _leave_what_it_may_not_hear(self) -> set[Room]:
        left = {room for room in self.stays if not self._rights.may_hear(self.name, room)}
        for room in left:
            self.leave(room)
        return left

    def _was_there(self, canary: Canary) -> bool:
        return any(room in self.stays and self.stays[room] < canary.number for room in canary.rooms)
