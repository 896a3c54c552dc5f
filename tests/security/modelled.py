"""People at a server, and beside them the model of what they may hear: what is done is done in both, and compared.

`tests/security/rights.py` is the model; `test_rooms_and_rights.py` says what happens.
"""

from collections.abc import Callable, Sequence
from itertools import count
from random import Random

import pytest

from tests.e2e.scenarios import ok
from tests.security.aviary import PASSWORD, a_canary, canaries, person, sing
from tests.security.rights import Canary, Ear, Rights, Room
from tests.security.socket_client import Heard, Refused, SocketClient
from tests.support.api import Api
from tests.support.server import Server

NAMES = ("ann", "ben", "cat", "dan")
TEAMS, DEPARTMENTS, CONVERSATIONS = ("red", "blue"), ("east", "west"), ("club", "pair")
SQUARE = Room("chat", "square")
"""Where everybody is, and where the last canary of each step sings: who has heard it has heard all that came before."""
ROOMS = (
    *(Room(kind, name) for kind in ("user", "notifications", "tasks", "analytics") for name in NAMES),
    *(Room("team", team) for team in TEAMS),
    *(Room("department", department) for department in DEPARTMENTS),
    *(Room("chat", conversation) for conversation in CONVERSATIONS),
)


class Socket(Ear):
    """A socket of the model, and the one of the server beside it.

    Attributes:
        client: the connection that it has, or had last.
        state: `connected`, `away` (its link was lost) or `ended` (by the server).
    """

    def __init__(self, rights: Rights, name: str, namespace: str, newest: int, client: SocketClient) -> None:
        super().__init__(rights, name, namespace, newest)
        self.client = client
        self.state = "connected"

    def __repr__(self) -> str:
        return f"<{self.name} at {self.namespace}, {self.state}, in {', '.join(map(str, self.stays))}>"


class ModelledWorld:
    """New people, who take part in every conversation and belong nowhere else; what they hear, and what they are to.

    Attributes:
        root: the admin.
        people: the others, by name.
        ids: of them, their teams, departments and conversations, by name.
        rights: what they may, in the model.
        past: the canaries that sang so far.
        offsets: after which of them, and the offset that it came with.
    """

    def __init__(self, servers: Sequence[Server]) -> None:
        self.servers = servers
        self.root = Api.as_demo_user(servers[0].url, "admin")
        self.rights = Rights(*NAMES)
        self.people = {name: person(servers[0].url) for name in NAMES}
        self.ids = {name: api.user["id"] for name, api in self.people.items()}
        for group, kind in ((TEAMS, "teams"), (DEPARTMENTS, "departments")):
            self.ids |= {name: ok(self.root.post(f"/api/{kind}", {"name": name}))["id"] for name in group}
        everybody = [self.ids[name] for name in NAMES]
        for name in (*CONVERSATIONS, SQUARE.of):
            form = {"title": name, "participantIds": everybody}
            self.ids[name] = ok(self.root.post("/api/chat/conversations", form))["id"]
            for someone in self.rights.people.values():
                someone.conversations.add(name)
        self.sockets: list[Socket] = []
        self.past: list[Canary] = []
        self.offsets: list[tuple[int, str]] = []
        self._numbers = count(1)
        self._guards = [self._guard(server) for server in servers]

    @property
    def newest(self) -> int:
        """The number of the canary that sang last; 0 before the first."""
        return self.past[-1].number if self.past else 0

    def those(self, state: str) -> list[Socket]:
        """The sockets in a state."""
        return [socket for socket in self.sockets if socket.state == state]

    def close(self) -> None:
        for client in (*self._guards, *(socket.client for socket in self.sockets)):
            client.close()

    # --- connecting

    def begin(self, name: str, namespace: str, server: Server) -> None:
        """Somebody connects anew."""
        client = SocketClient(server.port, self.people[name].token, namespace)
        self.sockets.append(Socket(self.rights, name, namespace, self.newest, client))
        self._go_to_the_square(self.sockets[-1])

    def is_refused(self, name: str, namespace: str, server: Server, before: SocketClient | None = None) -> None:
        with pytest.raises(Refused, match="token_revoked"):
            SocketClient(server.port, self.people[name].token, namespace, before)

    def lose(self, socket: Socket) -> None:
        socket.client.cut()
        socket.state = "away"

    def come_back(self, socket: Socket, server: Server) -> None:
        """Connect with the session that there was, and go on."""
        socket.client = SocketClient(server.port, self.people[socket.name].token, socket.namespace, socket.client)
        socket.state = "connected"
        assert socket.client.recovered
        socket.comes_back(self.past)

    def log_in(self, name: str) -> None:
        """Somebody logs in anew, and comes back."""
        self.people[name].login(self.people[name].user["email"], PASSWORD)
        self.come_back_anew(name, with_session=True)

    def come_back_anew(self, name: str, *, with_session: bool) -> None:
        """Somebody's sockets that the server has ended connect, and go on with nothing, whatever session they bring."""
        for socket in self.those("ended"):
            if socket.name == name:
                before = socket.client if with_session else None
                socket.client = SocketClient(self.servers[0].port, self.people[name].token, socket.namespace, before)
                assert not socket.client.recovered
                socket.state = "connected"
                socket.begin(self.newest)
                self._go_to_the_square(socket)

    def all_end(self, name: str, why: str) -> None:
        """The server ends every socket of somebody, and says why; later than that they hear nothing."""
        for socket in self.those("connected"):
            if socket.name == name:
                *heard, reason = socket.client.hear_until_ended()
                self._hears_what_it_is_to(socket, heard)
                assert (reason.event, reason.payload["code"]) == ("error", why)
                socket.state = "ended"

    # --- rooms

    def join(self, socket: Socket, room: Room) -> None:
        """Hear what happens in a room from now on, if that may be."""
        if self._asks_for(socket, room):
            socket.enter(room, self.newest)

    def join_since(self, socket: Socket, room: Room, since: int, offset: str) -> None:
        """Hear first what happened in a room since some time, if that may be."""
        if self._asks_for(socket, room, {"since": offset}):
            socket.enter_since(room, since, self.past)

    def leave(self, socket: Socket, room: Room) -> None:
        assert socket.client.emit(f"leave-{room.kind}", self.ids[room.of])["ok"]
        socket.leave(room)

    def try_doors(self, socket: Socket) -> None:
        """Join all that may be joined, and try some that may not."""
        outside = [room for room in ROOMS if room not in socket.stays]
        closed = [room for room in outside if not self.rights.may_hear(socket.name, room)]
        passed_by = set(closed) - set(Random(self.newest).sample(closed, min(2, len(closed))))
        for room in outside:
            if room not in passed_by:
                self.join(socket, room)

    # --- rights

    def rights_changed(self) -> None:
        for socket in self.those("connected"):
            socket.rights_changed()

    def conversation_begins(self, name: str, conversation: str) -> None:
        """Who takes part in a conversation hears it in the namespace of chat at once, and elsewhere by joining it."""
        self.rights.people[name].conversations.add(conversation)
        for socket in self.those("connected"):
            if (socket.name, socket.namespace) == (name, "/ws/chat"):
                socket.enter(Room("chat", conversation), self.newest)

    # --- hearing

    def canaries_sing(self) -> None:
        """One in each room, some in several at once, and at last one on the square."""
        several = Random(self.newest)  # which rooms those are, a repetition of the run repeats
        places: list[Sequence[Room]] = [[room] for room in ROOMS]
        places += [several.sample(ROOMS, rooms) for rooms in (2, 2, 6)]
        sung = [Canary(next(self._numbers), frozenset(rooms)) for rooms in (*places, [SQUARE])]
        sing(self.root.url, {str(number): [self._name_of(room) for room in rooms] for number, rooms in sung})
        self.past += sung
        for socket in self.sockets:
            if socket.state != "ended":
                for canary in sung:
                    socket.happens(canary)

    def all_hear_what_they_are_to(self) -> None:
        """Up to the newest canary: every socket, and every server, has heard that one when this returns."""
        for socket in self.those("connected"):
            self._hears_what_it_is_to(socket, socket.client.hear(_named(self.newest)))
        for guard in self._guards:
            guard.hear(_named(self.newest))
        offset = self._guards[0].offset
        assert offset is not None
        self.offsets.append((self.newest, offset))

    def hears_the_next(self, socket: Socket, most: int) -> None:
        """It hears the first of what it is to hear, so many or all, one by one."""
        for number in socket.hears(most):
            assert _called(socket.client.hear(a_canary)) == [number]

    def _hears_what_it_is_to(self, socket: Socket, heard: list[Heard]) -> None:
        heard_of, to_hear = _called(heard), socket.hears()
        assert heard_of == to_hear, f"{socket} hears {heard_of} and is to hear {to_hear}"
        left = sorted(payload["room"] for event, payload in heard if event == "room-left")
        assert left == sorted(map(self._name_of, socket.lost))
        socket.lost = set()
        assert {event for event, _ in heard} <= {"canary", "room-left", "presence-changed"}

    def _guard(self, server: Server) -> SocketClient:
        """A socket of the admin: once it has heard something, so has its server."""
        socket = SocketClient(server.port, self.root.token)
        assert socket.emit("join-chat", self.ids[SQUARE.of])["ok"]
        return socket

    def _go_to_the_square(self, socket: Socket) -> None:
        if SQUARE not in socket.stays:
            self.join(socket, SQUARE)

    def _asks_for(self, socket: Socket, room: Room, *options: dict[str, str]) -> bool:
        """Join a room; whether that was allowed is whether it may be."""
        ack = socket.client.emit(f"join-{room.kind}", self.ids[room.of], *options)
        assert ack["ok"] == self.rights.may_hear(socket.name, room), ack
        assert "gap" not in ack
        return bool(ack["ok"])

    def _name_of(self, room: Room) -> str:
        return f"{room.kind}-{self.ids[room.of]}"


def _named(number: int) -> Callable[[Heard], bool]:
    return lambda heard: a_canary(heard) and heard.payload["called"] == str(number)


def _called(heard: Sequence[Heard]) -> list[int]:
    return [int(name) for name in canaries(heard)]
