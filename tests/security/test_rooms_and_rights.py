"""Whatever people and rights do, every socket hears what `tests/security/rights.py` says, in that order, and no more.

People connect, join, leave, lose their links, come back, log out; an admin gives rights and takes them away. After each
step a canary sings in every room there is, one in two rooms at once, and at last one on the square, where everybody is:
who has heard that one has heard all that was to be heard before it.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.conftest import Scale
from tests.e2e.scenarios import ok
from tests.security.aviary import CANARIES, SETTINGS, Aviary
from tests.security.modelled import CONVERSATIONS, DEPARTMENTS, NAMES, ROOMS, TEAMS, ModelledWorld, Socket
from tests.security.rights import Person, Room
from tests.support.cluster import Cluster
from tests.support.server import Server

NAMESPACES = ("/", "/", "/ws/chat", "/ws/tasks", "/ws/notifications", "/ws/analytics")
SOME_SOCKETS, MOST_SOCKETS = 5, 8
names = st.sampled_from(NAMES)


class RoomsAndRights(RuleBasedStateMachine):
    """One world of new people, in which the rules below happen in any order."""

    def __init__(self, servers: Sequence[Server]) -> None:
        super().__init__()
        self.world = ModelledWorld(servers)
        for name in NAMES:
            self.add_to_a_team_or_remove_from_it(name, "red")
            self.move_to_a_department_or_take_out_of_it(name, "east")
            self.world.begin(name, "/", servers[0])
        self.change_role("cat", "manager")
        self.world.try_doors(self.world.sockets[2])
        self.world.begin("ann", "/ws/chat", servers[0])

    def person(self, name: str) -> Person:
        return self.world.rights.people[name]

    def one_of(self, state: str, data: st.DataObject) -> Socket:
        """Whichever of the sockets in a state."""
        return data.draw(st.sampled_from(self.world.those(state)))

    def somewhere(self, data: st.DataObject) -> Server:
        """Whichever of the servers."""
        return self.world.servers[data.draw(st.integers(0, len(self.world.servers) - 1), "server")]

    # --- people

    @precondition(lambda self: len(self.world.sockets) < MOST_SOCKETS)
    @rule(name=names, namespace=st.sampled_from(NAMESPACES), data=st.data())
    def connect(self, name: str, namespace: str, data: st.DataObject) -> None:
        server = self.somewhere(data)
        if self.person(name).active:
            self.world.begin(name, namespace, server)
        else:
            self.world.is_refused(name, namespace, server)

    @precondition(lambda self: self.world.those("connected"))
    @rule(data=st.data(), room=st.sampled_from(ROOMS))
    def join(self, data: st.DataObject, room: Room) -> None:
        self.world.join(self.one_of("connected", data), room)

    @precondition(lambda self: self.world.those("connected") and self.world.offsets)
    @rule(data=st.data())
    def join_since(self, data: st.DataObject) -> None:
        self.join_since_some_time(self.one_of("connected", data), data)

    @precondition(lambda self: self.world.those("connected") and self.world.offsets)
    @rule(data=st.data(), heard=st.integers(0, 20))
    def lose_the_link_while_what_was_missed_is_told(self, data: st.DataObject, heard: int) -> None:
        socket = self.one_of("connected", data)
        self.join_since_some_time(socket, data)
        self.world.hears_the_next(socket, heard)
        self.world.lose(socket)

    @precondition(lambda self: self.world.those("connected"))
    @rule(data=st.data(), room=st.sampled_from(ROOMS))
    def leave(self, data: st.DataObject, room: Room) -> None:
        self.world.leave(self.one_of("connected", data), room)

    @precondition(lambda self: self.world.those("connected"))
    @rule(data=st.data(), on_its_way=st.booleans())
    def lose_the_link(self, data: st.DataObject, on_its_way: bool) -> None:
        socket = self.one_of("connected", data)
        if on_its_way:
            self.world.canaries_sing()  # which the server has sent, as it holds, and which never arrive
        self.world.lose(socket)

    @precondition(lambda self: self.world.those("away"))
    @rule(data=st.data())
    def come_back(self, data: st.DataObject) -> None:
        socket, server = self.one_of("away", data), self.somewhere(data)
        if self.person(socket.name).active:
            self.world.come_back(socket, server)
        else:
            self.world.is_refused(socket.name, socket.namespace, server, socket.client)

    @precondition(lambda self: len(self.world.sockets) > SOME_SOCKETS and self.world.those("connected"))
    @rule(data=st.data())
    def come_back_before_the_server_knows_that_the_link_is_lost(self, data: st.DataObject) -> None:
        socket = self.one_of("connected", data)
        before = socket.client
        self.world.come_back(socket, self.somewhere(data))
        before.close()

    @precondition(lambda self: len(self.world.sockets) > SOME_SOCKETS)
    @rule(data=st.data())
    def go_for_good(self, data: st.DataObject) -> None:
        socket = data.draw(st.sampled_from(self.world.sockets))
        socket.client.close()
        self.world.sockets.remove(socket)

    @rule(name=names)
    def log_out_and_in_again(self, name: str) -> None:
        if self.person(name).active:
            ok(self.world.people[name].post("/api/auth/logout"))
            self.world.all_end(name, "token_revoked")
            self.world.log_in(name)

    def join_since_some_time(self, socket: Socket, data: st.DataObject) -> None:
        room = data.draw(st.sampled_from(sorted(socket.stays)) | st.sampled_from(ROOMS), "room")
        since, offset = data.draw(st.sampled_from(self.world.offsets), "since")
        self.world.join_since(socket, room, since, offset)

    # --- rights

    @rule(name=names, team=st.sampled_from(TEAMS))
    def add_to_a_team_or_remove_from_it(self, name: str, team: str) -> None:
        theirs = self.person(name).teams
        self.give_or_take("teams", team, name, take=team in theirs)
        theirs.symmetric_difference_update({team})
        self.world.rights_changed()

    @rule(name=names, department=st.sampled_from(DEPARTMENTS))
    def move_to_a_department_or_take_out_of_it(self, name: str, department: str) -> None:
        someone = self.person(name)
        self.give_or_take("departments", department, name, take=someone.department == department)
        someone.department = None if someone.department == department else department
        self.world.rights_changed()

    @rule(name=names, conversation=st.sampled_from(CONVERSATIONS), by_themselves=st.booleans())
    def add_to_a_conversation_or_remove_from_it(self, name: str, conversation: str, by_themselves: bool) -> None:
        someone, root = self.person(name), self.world.root
        path = f"/api/chat/conversations/{self.world.ids[conversation]}/participants/{self.world.ids[name]}"
        if conversation in someone.conversations:
            ok((self.world.people[name] if by_themselves and someone.active else root).delete(path))
            someone.conversations.remove(conversation)
            self.world.rights_changed()
        elif someone.active:
            ok(root.put(path))
            self.world.conversation_begins(name, conversation)
        else:
            assert root.put(path).status == 404

    @rule(name=names, role=st.sampled_from(["member", "manager", "admin"]))
    def change_role(self, name: str, role: str) -> None:
        self.change(name, role=role)
        if role != self.person(name).role:
            self.person(name).role = role
            self.world.rights_changed()
            self.world.all_end(name, "role_changed")
            if self.person(name).active:
                self.world.come_back_anew(name, with_session=False)

    @rule(name=names)
    def deactivate_or_activate(self, name: str) -> None:
        someone = self.person(name)
        someone.active = not someone.active
        self.change(name, active=someone.active)
        if someone.active:
            self.world.log_in(name)
        else:
            self.world.all_end(name, "token_revoked")

    def give_or_take(self, kind: str, group: str, name: str, *, take: bool) -> None:
        path = f"/api/{kind}/{self.world.ids[group]}/members/{self.world.ids[name]}"
        ok(self.world.root.delete(path) if take else self.world.root.put(path))

    def change(self, name: str, **fields: object) -> None:
        ok(self.world.root.patch(f"/api/users/{self.world.ids[name]}", fields))

    # --- what must hold after each of them

    @invariant()
    def everybody_hears_what_they_may_and_nothing_else(self) -> None:
        self.world.canaries_sing()
        self.world.all_hear_what_they_are_to()
        if connected := self.world.those("connected"):
            self.world.try_doors(connected[len(self.world.offsets) % len(connected)])  # in turn: else few are in many

    def teardown(self) -> None:
        self.world.close()


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
