"""The hub's books and its broadcasts, with connections that only note what is sent."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import eventlet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import Packet as SocketPacket

from app.engine.envelope import Envelope
from app.engine.hub import Hub
from app.engine.rooms import MOST_DIRECT
from app.engine.transport import Packet
from tests.support.brokers import wait_until

Step = tuple[str, int, int]


class Noted:
    """A connection that keeps what it is to send."""

    websocket = None

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.on_send: Callable[[], None] = lambda: None

    def send(self, packet: Packet, *, replayed: bool = False) -> None:
        del replayed
        self.heard.append(str(packet.data))
        self.on_send()


class Bench:
    """A hub, and sockets that are connected to it."""

    def __init__(self) -> None:
        self.connections: dict[str, Any] = {}
        self.hub = Hub()
        self.hub.server = SimpleNamespace(eio=SimpleNamespace(sockets=self.connections), packet_class=SocketPacket)

    def connect(self, sid: str, connection: Any = None) -> Any:
        self.connections[f"eio-{sid}"] = connection or Noted()
        self.hub.reserve(sid, f"eio-{sid}", "/")
        self.hub.connect(sid, "/")
        return self.connections[f"eio-{sid}"]

    def crowd(self, count: int) -> list[Noted]:
        found = []
        for number in range(count):
            found.append(self.connect(str(number)))
            self.hub.enter_room(str(number), "/", "room")
        return found


@pytest.fixture
def bench() -> Bench:
    return Bench()


def event(number: int) -> Envelope:
    return Envelope("e", str(number), ("room",), seq=number)


def numbers(connection: Noted) -> list[str]:
    return [text.split(",")[1] for text in connection.heard]


steps = st.lists(
    st.tuples(
        st.sampled_from(("connect", "enter", "leave", "close", "disconnect")), st.integers(0, 3), st.integers(0, 2)
    ),
    max_size=40,
)


@given(steps)
def test_the_books_are_those_of_sets_and_nothing_is_kept_of_who_left(taken: list[Step]) -> None:
    bench, rooms, here = Bench(), {f"room-{n}": set[str]() for n in range(3)}, set[str]()
    for what, who, where in taken:
        sid, room = f"s{who}", f"room-{where}"
        if what == "connect":
            bench.connect(sid)  # anew, if it was there: in no room
            here.add(sid)
            rooms = {name: members - {sid} for name, members in rooms.items()}
        elif what == "close":
            bench.hub.close_room(room, "/")
            rooms[room] = set()
        elif sid in here and what == "enter":
            bench.hub.enter_room(sid, "/", room)
            rooms[room].add(sid)
        elif sid in here and what == "leave":
            bench.hub.leave_room(sid, "/", room)
            rooms[room].discard(sid)
        elif sid in here:
            bench.hub.disconnect(sid, "/")
            here.discard(sid)
            rooms = {name: members - {sid} for name, members in rooms.items()}
        for name, members in rooms.items():
            assert {socket.sid for socket in bench.hub.members("/", name)} == members
        assert {socket.sid for socket in bench.hub.members("/", list(rooms))} == set().union(*rooms.values())
        assert {sid for sid, _ in bench.hub.get_participants("/", None)} == here
    for sid in here:
        bench.hub.disconnect(sid, "/")
    assert bench.hub.rooms == {}
    assert not any(bench.hub.knows(f"eio-s{who}") for who in range(4))


def test_who_comes_and_goes_is_in_the_flat_list_and_out_of_it(bench: Bench) -> None:
    first, second = (SimpleNamespace(websocket=object()) for _ in range(2))
    bench.connect("first", first)
    bench.hub.enter_room("first", "/", "room")
    assert bench.hub.direct("/", ["room"]) == [first.websocket]
    bench.connect("second", second)
    bench.hub.enter_room("second", "/", "room")
    assert bench.hub.direct("/", ["room"]) == [first.websocket, second.websocket]
    bench.hub.disconnect("first", "/")
    assert bench.hub.direct("/", ["room"]) == [second.websocket]


def test_there_is_no_flat_list_with_one_who_polls_or_of_several_rooms(bench: Bench) -> None:
    bench.connect("direct", SimpleNamespace(websocket=object()))
    bench.connect("polls")
    for sid in ("direct", "polls"):
        bench.hub.enter_room(sid, "/", "room")
    assert bench.hub.direct("/", ["room"]) is None
    assert bench.hub.direct("/", ["room", "other"]) is None


def test_a_large_room_hears_everything_in_order_though_others_have_turns_between(bench: Bench) -> None:
    crowd = bench.crowd(2 * MOST_DIRECT + 1)
    turns: list[int] = []

    def others() -> None:
        for turn in range(3):
            turns.append(turn)
            eventlet.sleep()

    eventlet.spawn(others)
    crowd[0].on_send = lambda: eventlet.spawn_n(bench.hub.deliver, event(2)) if len(crowd[0].heard) == 1 else None
    bench.hub.deliver(event(1))
    assert len(turns) >= 2
    wait_until(lambda: eventlet.sleep() or numbers(crowd[-1]) == ["1", "2"])
    assert [numbers(connection) for connection in crowd] == [["1", "2"]] * len(crowd)
    assert bench.hub.seq == 2


def test_what_one_sends_to_one_socket_comes_behind_what_it_sent_to_a_large_room_before(bench: Bench) -> None:
    crowd = bench.crowd(MOST_DIRECT + 1)

    def handler() -> None:
        bench.hub.emit("to all", 2, "/", room="room")
        bench.hub.emit("to one", 3, "/", room="0")

    crowd[0].on_send = lambda: eventlet.spawn_n(handler) if len(crowd[0].heard) == 1 else None
    bench.hub.deliver(event(1))
    wait_until(lambda: eventlet.sleep() or len(crowd[0].heard) == 3)
    assert [text.split(",")[0] for text in crowd[0].heard] == ['42["e"', '42["to all"', '42["to one"']


def test_a_delivery_that_fails_is_the_error_of_who_brought_it_and_the_next_one_goes_on(bench: Bench) -> None:
    crowd = bench.crowd(MOST_DIRECT + 1)
    crowd[0].on_send = lambda: eventlet.spawn_n(bench.hub.deliver, event(2)) if len(crowd[0].heard) == 1 else None

    def fail_at_first() -> None:
        if len(crowd[-1].heard) == 1:
            raise LookupError

    crowd[-1].on_send = fail_at_first
    with pytest.raises(LookupError):
        bench.hub.deliver(event(1))
    wait_until(lambda: eventlet.sleep() or numbers(crowd[-1]) == ["1", "2"])
    assert [numbers(connection) for connection in crowd] == [["1", "2"]] * len(crowd)


def test_who_waits_for_its_turn_no_longer_holds_nobody_up(bench: Bench) -> None:
    crowd = bench.crowd(2 * MOST_DIRECT + 1)
    waiting: list[Any] = []

    def give_up() -> None:
        waiting.append(eventlet.spawn(bench.hub.deliver, event(2)))
        eventlet.sleep()
        waiting[0].kill()

    crowd[0].on_send = lambda: eventlet.spawn_n(give_up) if len(crowd[0].heard) == 1 else None
    bench.hub.deliver(event(1))
    bench.hub.deliver(event(3))
    assert [numbers(connection) for connection in crowd] == [["1", "3"]] * len(crowd)


def test_who_left_before_its_turn_does_not_hear_it(bench: Bench) -> None:
    crowd = bench.crowd(MOST_DIRECT + 1)
    crowd[0].on_send = lambda: eventlet.spawn_n(bench.hub.leave_room, str(MOST_DIRECT), "/", "room")
    bench.hub.deliver(event(1))
    assert (len(crowd[0].heard), crowd[-1].heard) == (1, [])


def test_what_is_sent_to_a_socket_that_is_still_connecting_comes_behind_the_answer(bench: Bench) -> None:
    bench.connections["eio"] = connection = Noted()
    bench.hub.reserve("sid", "eio", "/")
    bench.hub.enter_room("sid", "/", "room")
    bench.hub.deliver(event(1))
    assert connection.heard == []
    bench.hub.connect("sid", "/")
    assert numbers(connection) == ["1"]
