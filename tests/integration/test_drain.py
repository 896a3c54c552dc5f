"""What a process that is told to stop still says to its clients."""

from types import SimpleNamespace

import pytest
from flask import Flask

from app.engine import SocketIO
from app.engine.transport import Connection, Packet

NO_SOCKET = SimpleNamespace()  # whose end can't be watched


@pytest.fixture
def socketio() -> SocketIO:
    return SocketIO(Flask(__name__), async_mode="eventlet")


@pytest.fixture
def polling(socketio: SocketIO) -> Connection:
    """The server's side of a client that polls."""
    engine = socketio.server.eio
    connection = Connection("sid", engine)
    engine.sockets["sid"] = connection
    return connection


def test_a_poll_is_answered_with_the_close(socketio: SocketIO, polling: Connection) -> None:
    socketio.drain.run()
    assert polling.poll(NO_SOCKET) == "1"


def test_a_poll_that_brings_events_does_not_bring_the_close_behind_which_the_client_forgets_their_offsets(
    socketio: SocketIO, polling: Connection
) -> None:
    polling.send(Packet.message("an event"))
    socketio.drain.run()
    assert polling.poll(NO_SOCKET) == "4an event"
