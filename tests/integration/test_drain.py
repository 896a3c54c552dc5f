"""What a process that is told to stop still says to its clients."""

import pytest
from engineio.packet import CLOSE, MESSAGE, Packet
from engineio.socket import Socket
from flask import Flask

from app.engine import SocketIO


@pytest.fixture
def socketio() -> SocketIO:
    return SocketIO(Flask(__name__), async_mode="eventlet")


@pytest.fixture
def polling(socketio: SocketIO) -> Socket:
    """The server's side of a client that polls."""
    socketio.server.eio.sockets["sid"] = polling = Socket(socketio.server.eio, "sid")
    polling.connected = True
    return polling


def polled(polling: Socket) -> list[int]:
    return [packet.packet_type for packet in polling.poll()]


def test_a_poll_is_answered_with_the_close(socketio: SocketIO, polling: Socket) -> None:
    socketio.drain.run()
    assert polled(polling) == [CLOSE]


def test_a_poll_that_brings_events_does_not_bring_the_close_behind_which_the_client_forgets_their_offsets(
    socketio: SocketIO, polling: Socket
) -> None:
    polling.send(Packet(MESSAGE, "an event"))
    socketio.drain.run()
    assert polled(polling) == [MESSAGE]
