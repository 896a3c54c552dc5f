"""Whatever people and rights do, every socket hears what `tests/security/rights.py` says, in that order, and no more.

People connect, join, leave, lose their links, come back, log out; an admin gives rights and takes them away. After each
step a canary sings in every room there is, one in two rooms at once, and at last one on the square, where everybody is:
who has heard that one has heard all that was to be heard before it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.conftest import Scale
from tests.e2e.scenarios import ok
from tests.security.aviary import CANARIES, PASSWORD, SETTINGS, Aviary, a_canary, canaries, person, sing
from tests.security.rights import Canary, Ear, Rights, Room
from tests.security.socket_client import Heard, Refused, SocketClient
from tests.support.api import Api
from tests.support.cluster import Cluster
from tests.support.server import Server

NAMES = ("ann", "ben", "cat", "dan")
TEAMS, DEPARTMENTS, CONVERSATIONS, SQUARE = ("red", "blue"), ("east", "west"), ("club", "pair"), "square"
NAMESPACES = ("/", "/", "/ws/chat", "/ws/tasks", "/ws/notifications", "/ws/analytics")
ROOMS = (
    *(Room(kind, name) for kind in ("user", "notifications", "tasks", "analytics") for name in NAMES),
    *(Room("team", team) for team in TEAMS),
    *(Room("department", department) for department in DEPARTMENTS),
    *(Room("chat", conversation) for conversation in CONVERSATIONS),
)
SOME_SOCKETS, MOST_SOCKETS = 5, 8
names = st.sampled_from(NAMES)


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


class RoomsAndRights(RuleBasedStateMachine):
    """One world of new people, in which the rules below happen in any order."""

    def __init__(self, servers: Sequence[Server]) -> None:
        super().__init__()
        self.servers = servers
        self.root = Api.as_demo_user(servers[0].url, "admin")
        self.rights = Rights(*NAMES)
        self.people = {name: person(servers[0].url) for name in NAMES}
        self.ids = {name: api.user["id"] for name, api in self.people.items()}
        for group, kind in ((TEAMS, "teams"), (DEPARTMENTS, "departments")):
            self.ids |= {name: ok(self.root.post(f"/api/{kind}", {"name": name}))["id"] for name in group}
        everybody = [self.ids[name] for name in NAMES]
        for name in (*CONVERSATIONS, SQUARE):
            form = {"title": name, "participantIds": everybody}
            self.ids[name] = ok(self.root.post("/api/chat/conversations", form))["id"]
            for someone in self.rights.people.values():
                someone.conversations.add(name)
        self.sockets: list[Socket] = []
        self.past: list[Canary] = []
        self.numbers = count(1)
        self.offsets: list[tuple[int, str]] = []  # after which canary, and what it came with
        self.guards = [self.guard(server) for server in servers]
        for name in NAMES:
            self.add_to_a_team_or_remove_from_it(name, "red")
            self.move_to_a_department_or_take_out_of_it(name, "east")
            self.begin(name, "/", servers[0])
        self.change_role("cat", "manager")
        self.try_doors(self.sockets[2])
        self.begin("ann", "/ws/chat", servers[0])

    # --- people

    @precondition(lambda self: len(self.sockets) < MOST_SOCKETS)
    @rule(name=names, namespace=st.sampled_from(NAMESPACES), data=st.data())
    def connect(self, name: str, namespace: str, data: st.DataObject) -> None:
        server = self.somewhere(data)
        if self.rights.people[name].active:
            self.begin(name, namespace, server)
        else:
            self.is_refused(name, namespace, server)

    @precondition(lambda self: self.those("connected"))
    @rule(data=st.data(), room=st.sampled_from(ROOMS))
    def join(self, data: st.DataObject, room: Room) -> None:
        socket = self.one_of("connected", data)
        if self.asks_for(socket, room):
            socket.enter(room, self.newest)

    @precondition(lambda self: self.those("connected") and self.offsets)
    @rule(data=st.data())
    def join_since(self, data: st.DataObject) -> None:
        self.join_since_some_time(self.one_of("connected", data), data)

    @precondition(lambda self: self.those("connected") and self.offsets)
    @rule(data=st.data(), heard=st.integers(0, 20))
    def lose_the_link_while_what_was_missed_is_told(self, data: st.DataObject, heard: int) -> None:
        socket = self.one_of("connected", data)
        self.join_since_some_time(socket, data)
        for number in socket.hears(heard):
            assert called(socket.client.hear(a_canary)) == [number]
        self.lose(socket)

    @precondition(lambda self: self.those("connected"))
    @rule(data=st.data(), room=st.sampled_from(ROOMS))
    def leave(self, data: st.DataObject, room: Room) -> None:
        socket = self.one_of("connected", data)
        assert socket.client.emit(f"leave-{room.kind}", self.ids[room.of])["ok"]
        socket.leave(room)

    @precondition(lambda self: self.those("connected"))
    @rule(data=st.data(), on_its_way=st.booleans())
    def lose_the_link(self, data: st.DataObject, on_its_way: bool) -> None:
        socket = self.one_of("connected", data)
        if on_its_way:
            self.canaries_sing()  # which the server has sent, as it holds, and which never arrive
        self.lose(socket)

    @precondition(lambda self: self.those("away"))
    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        socket, server = self.one_of("away", data), self.somewhere(data)
        if self.rights.people[socket.name].active:
            self.reconnect(socket, server)
            assert socket.client.recovered
            socket.comes_back(self.past)
        else:
            self.is_refused(socket.name, socket.namespace, server, socket.client)

    @precondition(lambda self: len(self.sockets) > SOME_SOCKETS and self.those("connected"))
    @rule(data=st.data())
    def come_back_before_the_server_knows_that_the_link_is_lost(self, data: st.DataObject) -> None:
        socket = self.one_of("connected", data)
        before = socket.client
        self.reconnect(socket, self.somewhere(data))
        assert socket.client.recovered
        socket.comes_back(self.past)
        before.close()

    @precondition(lambda self: len(self.sockets) > SOME_SOCKETS)
    @rule(data=st.data())
    def go_for_good(self, data: st.DataObject) -> None:
        socket = data.draw(st.sampled_from(self.sockets))
        socket.client.close()
        self.sockets.remove(socket)

    @rule(name=names)
    def log_out_and_in_again(self, name: str) -> None:
        if self.rights.people[name].active:
            api = self.people[name]
            ok(api.post("/api/auth/logout"))
            self.all_end(name, "token_revoked")
            self.log_in(name)

    # --- rights

    @rule(name=names, team=st.sampled_from(TEAMS))
    def add_to_a_team_or_remove_from_it(self, name: str, team: str) -> None:
        theirs = self.rights.people[name].teams
        path = f"/api/teams/{self.ids[team]}/members/{self.ids[name]}"
        ok(self.root.delete(path) if team in theirs else self.root.put(path))
        theirs.symmetric_difference_update({team})
        self.rights_changed()

    @rule(name=names, department=st.sampled_from(DEPARTMENTS))
    def move_to_a_department_or_take_out_of_it(self, name: str, department: str) -> None:
        someone = self.rights.people[name]
        path = f"/api/departments/{self.ids[department]}/members/{self.ids[name]}"
        ok(self.root.delete(path) if someone.department == department else self.root.put(path))
        someone.department = None if someone.department == department else department
        self.rights_changed()

    @rule(name=names, conversation=st.sampled_from(CONVERSATIONS), by_themselves=st.booleans())
    def add_to_a_conversation_or_remove_from_it(self, name: str, conversation: str, by_themselves: bool) -> None:
        someone = self.rights.people[name]
        path = f"/api/chat/conversations/{self.ids[conversation]}/participants/{self.ids[name]}"
        if conversation in someone.conversations:
            ok((self.people[name] if by_themselves and someone.active else self.root).delete(path))
            someone.conversations.remove(conversation)
            self.rights_changed()
        elif someone.active:
            ok(self.root.put(path))
            self.conversation_begins(name, conversation)
        else:
            assert self.root.put(path).status == 404

    @rule(name=names, role=st.sampled_from(["member", "manager", "admin"]))
    def change_role(self, name: str, role: str) -> None:
        ok(self.root.patch(f"/api/users/{self.ids[name]}", {"role": role}))
        if role != self.rights.people[name].role:
            self.rights.people[name].role = role
            self.rights_changed()
            self.all_end(name, "role_changed")
            if self.rights.people[name].active:
                self.come_back_anew(name, with_session=False)

    @rule(name=names)
    def deactivate_or_activate(self, name: str) -> None:
        someone = self.rights.people[name]
        someone.active = not someone.active
        ok(self.root.patch(f"/api/users/{self.ids[name]}", {"active": someone.active}))
        if someone.active:
            self.log_in(name)
        else:
            self.all_end(name, "token_revoked")

    # --- what must hold after each of them

    @invariant()
    def everybody_hears_what_they_may_and_nothing_else(self) -> None:
        self.canaries_sing()
        for socket in self.those("connected"):
            self.hears_what_it_is_to(socket, socket.client.hear(named(self.newest)))
        for guard in self.guards:
            guard.hear(named(self.newest))
        offset = self.guards[0].offset
        assert offset is not None
        self.offsets.append((self.newest, offset))
        if connected := self.those("connected"):
            self.try_doors(connected[len(self.offsets) % len(connected)])  # in turn: else few are in many rooms

    def teardown(self) -> None:
        for client in (*self.guards, *(socket.client for socket in self.sockets)):
            client.close()

    # --- how it is done

    @property
    def newest(self) -> int:
        """The number of the canary that sang last; 0 before the first."""
        return self.past[-1].number if self.past else 0

    def those(self, state: str) -> list[Socket]:
        """The sockets in a state."""
        return [socket for socket in self.sockets if socket.state == state]

    def one_of(self, state: str, data: st.DataObject) -> Socket:
        """Whichever of the sockets in a state."""
        return data.draw(st.sampled_from(self.those(state)))

    def somewhere(self, data: st.DataObject) -> Server:
        """Whichever of the servers."""
        return self.servers[data.draw(st.integers(0, len(self.servers) - 1), "server")]

    def begin(self, name: str, namespace: str, server: Server) -> None:
        """Somebody connects anew."""
        client = SocketClient(server.port, self.people[name].token, namespace)
        self.sockets.append(Socket(self.rights, name, namespace, self.newest, client))
        self.go_to_the_square(self.sockets[-1])

    def is_refused(self, name: str, namespace: str, server: Server, before: SocketClient | None = None) -> None:
        with pytest.raises(Refused, match="token_revoked"):
            SocketClient(server.port, self.people[name].token, namespace, before)

    def guard(self, server: Server) -> SocketClient:
        """A socket of the admin: once it has heard something, so has its server."""
        socket = SocketClient(server.port, self.root.token)
        assert socket.emit("join-chat", self.ids[SQUARE])["ok"]
        return socket

    def go_to_the_square(self, socket: Socket) -> None:
        """Be where the last canary of each step sings."""
        square = Room("chat", SQUARE)
        if square not in socket.stays and self.asks_for(socket, square):
            socket.enter(square, self.newest)

    def asks_for(self, socket: Socket, room: Room, *options: dict[str, str]) -> bool:
        """Join a room; whether that was allowed is whether it may be."""
        ack = socket.client.emit(f"join-{room.kind}", self.ids[room.of], *options)
        assert ack["ok"] == self.rights.may_hear(socket.name, room), ack
        assert "gap" not in ack
        return bool(ack["ok"])

    def try_doors(self, socket: Socket) -> None:
        """Join all that may be joined, and try some that may not."""
        outside = [room for room in ROOMS if room not in socket.stays]
        closed = [room for room in outside if not self.rights.may_hear(socket.name, room)]
        passed_by = set(closed) - set(Random(self.newest).sample(closed, min(2, len(closed))))
        for room in outside:
            if room not in passed_by and self.asks_for(socket, room):
                socket.enter(room, self.newest)

    def join_since_some_time(self, socket: Socket, data: st.DataObject) -> None:
        room = data.draw(st.sampled_from(sorted(socket.stays)) | st.sampled_from(ROOMS), "room")
        since, offset = data.draw(st.sampled_from(self.offsets), "since")
        if room in socket.caught_up:
            return  # what a second replay would tell twice after a cut, see Membership
        if self.asks_for(socket, room, {"since": offset}):
            socket.enter_since(room, since, self.past)

    def lose(self, socket: Socket) -> None:
        socket.client.cut()
        socket.state = "away"

    def reconnect(self, socket: Socket, server: Server) -> None:
        """Connect with the session that there was."""
        socket.client = SocketClient(server.port, self.people[socket.name].token, socket.namespace, socket.client)
        socket.state = "connected"

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
                self.go_to_the_square(socket)

    def all_end(self, name: str, why: str) -> None:
        """The server ends every socket of somebody, and says why; later than that they hear nothing."""
        for socket in self.those("connected"):
            if socket.name == name:
                *heard, reason = socket.client.hear_until_ended()
                self.hears_what_it_is_to(socket, heard)
                assert (reason.event, reason.payload["code"]) == ("error", why)
                socket.state = "ended"

    def rights_changed(self) -> None:
        for socket in self.those("connected"):
            socket.rights_changed()

    def conversation_begins(self, name: str, conversation: str) -> None:
        """Who takes part in a conversation hears it in the namespace of chat at once, and elsewhere by joining it."""
        self.rights.people[name].conversations.add(conversation)
        for socket in self.those("connected"):
            if (socket.name, socket.namespace) == (name, "/ws/chat"):
                socket.enter(Room("chat", conversation), self.newest)

    def canaries_sing(self) -> None:
        """One in each room, some in several at once, and at last one on the square."""
        several = Random(self.newest)  # which rooms those are, a repetition of the run repeats
        places: list[Sequence[Room]] = [[room] for room in ROOMS]
        places += [several.sample(ROOMS, rooms) for rooms in (2, 2, 6)]
        sung = [Canary(next(self.numbers), frozenset(rooms)) for rooms in (*places, [Room("chat", SQUARE)])]
        sing(self.root.url, {str(number): [self.name_of(room) for room in rooms] for number, rooms in sung})
        self.past += sung
        for socket in self.sockets:
            if socket.state != "ended":
                for canary in sung:
                    socket.happens(canary)

    def hears_what_it_is_to(self, socket: Socket, heard: list[Heard]) -> None:
        heard_of, to_hear = called(heard), socket.hears()
        assert heard_of == to_hear, f"{socket} hears {heard_of} and is to hear {to_hear}"
        left = sorted(payload["room"] for event, payload in heard if event == "room-left")
        assert left == sorted(map(self.name_of, socket.lost))
        socket.lost = set()
        assert {event for event, _ in heard} <= {"canary", "room-left", "presence-changed"}

    def name_of(self, room: Room) -> str:
        return f"{room.kind}-{self.ids[room.of]}"


def named(number: int) -> Callable[[Heard], bool]:
    return lambda heard: a_canary(heard) and heard.payload["called"] == str(number)


def called(heard: Sequence[Heard]) -> list[int]:
    return [int(name) for name in canaries(heard)]


def hold(servers: Sequence[Server], examples: int, steps: int, *, long: bool) -> None:
    """Live through so many worlds, of so many steps each; the same ones each time, unless it may take long."""
    run_state_machine_as_test(
        partial(RoomsAndRights, servers),  # type: ignore[arg-type]  # called for each world
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=not long,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink] if long else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_socket_hears_what_it_may_and_nothing_else(aviary: Aviary, scale: Scale) -> None:
    hold([aviary], scale(9, 50), scale(30, 80), long=bool(scale(0, 1)))


@pytest.mark.long
def test_so_it_is_with_two_processes(tmp_path: Path) -> None:
    with Cluster(tmp_path, 2, SETTINGS, CANARIES) as cluster:
        hold(cluster.servers, 30, 80, long=True)
