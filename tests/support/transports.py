"""Clients of the engine above a transport that the test makes: they come, come back and go when it says so."""

from collections.abc import Callable, Collection
from typing import Any

from app.engine import Application, Envelope, Owner
from app.engine.handshake import Handshake
from app.engine.transport import Packet
from app.extensions import socketio

ROOM = "team-1"


class Transport:
    """A connection of the transport below, and what was sent over it."""

    websocket = None

    def __init__(self, id: str) -> None:
        self.id = id
        self.sent: list[str] = []
        self.closed = False
        socketio.server.eio.sockets[id] = self
        socketio.server.environ[id] = {}

    def send(self, packet: Packet, *, replayed: bool = False) -> None:
        del replayed
        assert isinstance(packet.data, str)
        self.sent.append(packet.data[1:])

    def close(self, **_: Any) -> None:
        if not self.closed:
            socketio.server.eio.handlers["disconnect"](self.id, "transport close")
            self.closed = True


class Clients:
    """Connects them, all as one user who may hear everything, unless ``allowed`` says otherwise."""

    def __init__(self) -> None:
        self.allowed: Callable[[str, Collection[str]], set[str]] = lambda _, rooms: set(rooms)
        owner = Owner("u", "d")
        application = Application(lambda _: owner, self._allowed, lambda _: None, lambda *_: None)
        socketio.recovery._application = application
        self._handshake = Handshake(socketio.server, socketio.hub, socketio.recovery, application)

    def _allowed(self, id: str, rooms: Collection[str]) -> set[str]:
        return self.allowed(id, rooms)

    def connect(self, transport: Transport, pid: str | None = None) -> None:
        self._handshake.connect(transport.id, "/", {"pid": pid} if pid else {})


def sid_of(connection: str) -> str:
    sid = socketio.hub.sid_from_eio_sid(connection, "/")
    assert sid is not None
    return sid


def hears(transport: Transport) -> bool:
    """Whether an event of the room that comes now is sent over it."""
    before = len(transport.sent)
    socketio.hub.deliver(Envelope("hello", "1", (ROOM,), seq=socketio.hub.seq + 1))
    return len(transport.sent) == before + 1
