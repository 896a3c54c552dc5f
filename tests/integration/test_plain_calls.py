"""The plain calls of Flask-SocketIO, in two processes that share a Redis."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIOTestClient, join_room

from app.engine import SocketIO
from app.engine.brokers.redis import RedisBroker
from tests.support.brokers import EventTable, wait_until
from tests.support.services import Redis

Arguments = list[Any]


class Server:
    """One process with one socket, which is in the room `room`."""

    def __init__(self, broker: RedisBroker) -> None:
        app = Flask(__name__)
        self.socketio = SocketIO()
        self.socketio.init_app(app, async_mode="eventlet", broker=broker)
        self.socketio.on("connect")(lambda: join_room("room"))
        broker.follow(0)
        self.client: SocketIOTestClient = self.socketio.test_client(app)
        self.received: list[tuple[str, Arguments]] = []

    @property
    def sid(self) -> str:
        ((_, sid),) = self.socketio.hub.sockets_in(["room"])
        return sid

    def heard(self, name: str) -> list[Arguments]:
        """The arguments of each event of that name so far."""
        self.received += [(event["name"], event["args"]) for event in self.client.get_received()]
        return [arguments for event, arguments in self.received if event == name]


@pytest.fixture
def new_server(redis_server: Redis, tmp_path: Path) -> Iterator[Callable[[], Server]]:
    table = EventTable(tmp_path)
    yield lambda: Server(RedisBroker(redis_server.url, bytes(tmp_path), table.history))
    table.close()


@pytest.fixture
def here(new_server: Callable[[], Server]) -> Server:
    return new_server()


@pytest.fixture
def there(here: Server, new_server: Callable[[], Server]) -> Server:
    """It has begun to hear what is emitted here."""
    there = new_server()

    def emit_until_heard() -> bool:
        here.socketio.emit("begin")
        return bool(there.heard("begin"))

    wait_until(emit_until_heard)
    return there


def test_an_emit_is_heard_once_here_and_once_there(here: Server, there: Server) -> None:
    here.socketio.emit("news", {"n": 1})
    here.socketio.emit("end")
    wait_until(lambda: here.heard("end") and there.heard("end"))
    assert here.heard("news") == there.heard("news") == [[{"n": 1}]]


@pytest.mark.parametrize(
    ("sent", "arguments"),
    [
        ((), []),
        (("text",), ["text"]),
        ((["a", "list"],), [["a", "list"]]),
        ((("several", 2),), ["several", 2]),
        ((b"\0\xff",), [b"\0\xff"]),
        (({"deep": [b"\1"]},), [{"deep": [b"\1"]}]),
        (({"_placeholder": True, "num": 0},), [{"_placeholder": True, "num": 0}]),
    ],
)
def test_the_arguments_of_an_emit_arrive_as_they_were(
    sent: tuple[Any, ...], arguments: Arguments, here: Server, there: Server
) -> None:
    here.socketio.emit("news", *sent)
    wait_until(lambda: there.heard("news"))
    assert there.heard("news") == [arguments]


@pytest.mark.parametrize("rooms", ["room", ["elsewhere", "room"]])
def test_an_emit_reaches_a_room_there(rooms: Any, here: Server, there: Server) -> None:
    here.socketio.emit("news", 1, to=rooms)
    wait_until(lambda: there.heard("news"))


def test_an_emit_reaches_one_socket_there_by_its_sid(here: Server, there: Server) -> None:
    here.socketio.emit("news", 1, to=there.sid)
    wait_until(lambda: there.heard("news"))
    assert here.heard("news") == []


@pytest.mark.parametrize("left_out", [{"to": "another room"}, {"skip_sid": "there"}, {"namespace": "/another"}])
def test_an_emit_is_not_heard_there_by_who_is_left_out(left_out: dict[str, Any], here: Server, there: Server) -> None:
    if "skip_sid" in left_out:
        left_out = {"skip_sid": there.sid}
    here.socketio.emit("news", 1, **left_out)
    here.socketio.emit("end")
    wait_until(lambda: there.heard("end"))
    assert there.heard("news") == []


def test_a_socket_there_is_disconnected_by_its_sid(here: Server, there: Server) -> None:
    here.socketio.server.disconnect(there.sid)
    wait_until(lambda: not there.client.is_connected())
    assert here.client.is_connected()


def test_a_socket_there_enters_a_room_and_leaves_it_by_its_sid(here: Server, there: Server) -> None:
    here.socketio.server.enter_room(there.sid, "new")
    here.socketio.emit("entered", to="new")
    wait_until(lambda: there.heard("entered"))
    here.socketio.server.leave_room(there.sid, "new")
    here.socketio.emit("left", to="new")
    here.socketio.emit("end")
    wait_until(lambda: there.heard("end"))
    assert there.heard("left") == []


def test_a_room_is_closed_here_and_there(here: Server, there: Server) -> None:
    here.socketio.close_room("room", "/")
    here.socketio.emit("closed", to="room")
    here.socketio.emit("end")
    wait_until(lambda: here.heard("end") and there.heard("end"))
    assert here.heard("closed") == there.heard("closed") == []


@pytest.mark.parametrize("call", ["disconnect", "enter_room", "leave_room"])
def test_a_call_about_a_socket_that_is_gone_changes_nothing(call: str, here: Server, there: Server) -> None:
    getattr(here.socketio.server, call)("gone", *["new"] * (call != "disconnect"))
    here.socketio.emit("end")
    wait_until(lambda: here.heard("end") and there.heard("end"))
    assert not list(there.socketio.hub.sockets_in(["new"]))


def test_what_can_not_be_done_there_holds_up_nothing_behind_it(here: Server, there: Server) -> None:
    here.socketio.close_room(there.sid, "/")  # python-socketio refuses to close a room that is a socket's own
    here.socketio.emit("end")
    wait_until(lambda: there.heard("end"))
