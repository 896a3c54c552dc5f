"""Who is in which room of this process.

Python-socketio keeps two dictionaries for each socket's own room, and looks through every room for one that leaves:
5,000 sockets that went at once took seconds. Here a socket knows its rooms, and its own is made of nothing.
"""

from collections.abc import Collection, Iterator
from typing import Any

from socketio import Manager

from app.engine.transport import Connection, Packet, WebSocket

MOST_DIRECT = 1000  # sockets that are written to in one turn of the hub: 10 ms

CONNECTING, CONNECTED, LEAVING, GONE = range(4)


class Early:
    """Stands for the connection of a socket until CONNECT is answered: what is sent to it comes behind the answer."""

    __slots__ = ("_connection", "_kept")

    websocket = None

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept: list[tuple[Packet, bool]] = []

    def send(self, packet: Packet, *, replayed: bool = False) -> None:
        self._kept.append((packet, replayed))

    def release(self) -> Connection:
        """Send what was kept; returns the connection, to be used from now on."""
        for packet, replayed in self._kept:
            self._connection.send(packet, replayed=replayed)
        return self._connection


class Socket:
    """One client in one namespace.

    Attributes:
        sid: its id.
        eio_sid: that of its connection.
        connection: its connection, or what keeps its packets until it is connected; None for one that the transport
            does not know: a stream, or a test client.
        rooms: the names of the rooms that it is in.
        state: CONNECTING, CONNECTED, LEAVING or GONE.
    """

    __slots__ = ("connection", "eio_sid", "rooms", "sid", "state")

    def __init__(self, sid: str, eio_sid: str, connection: "Connection | Early | None") -> None:
        self.sid = sid
        self.eio_sid = eio_sid
        self.connection = connection
        self.rooms: set[str] = set()
        self.state = CONNECTING

    def is_in(self, rooms: Collection[str] | None) -> bool:
        """Whether it is in one of ``rooms``, still; None: in its namespace."""
        return self.state != GONE and (rooms is None or not self.rooms.isdisjoint(rooms) or self.sid in rooms)


class Room(dict[str, Socket]):
    """The sockets in a room, by sid.

    Attributes:
        websockets: what they are written to, once that was asked for and nobody has come or gone since; None, too, if
            one of them is written to in another way.
    """

    __slots__ = ("websockets",)

    def __init__(self) -> None:
        self.websockets: list[WebSocket] | None = None

    def direct(self) -> list[WebSocket] | None:
        """The WebSockets of all who are in it, if all have one: a flat list, for loops that touch little memory."""
        if self.websockets is None:
            connections = [socket.connection for socket in self.values()]
            found = [each.websocket for each in connections if each is not None and each.websocket is not None]
            if len(found) == len(self):
                self.websockets = found
        return self.websockets


class Rooms(Manager):  # type: ignore[misc]  # python-socketio carries no types
    """Python-socketio's client manager with other books: ``rooms[namespace][room][sid]`` is a :class:`Socket`.

    The room None holds every socket of its namespace. Nothing that is empty is kept.
    """

    rooms: dict[str, dict[str | None, Room]]

    def __init__(self) -> None:
        super().__init__()
        self._by_connection: dict[tuple[str, str], Socket] = {}
        self._namespaces_of: dict[str, set[str]] = {}

    # --- coming and going

    def reserve(self, sid: str, eio_sid: str, namespace: str) -> None:
        """Begin to connect the socket ``sid``, which the caller chose; as ``pre_connect``, which makes one up.

        Whatever connection had it before, has it no more.
        """
        self._remove(sid, namespace)
        connection = self.server.eio.sockets.get(eio_sid)
        socket = Socket(sid, eio_sid, None if connection is None else Early(connection))
        self._enter(socket, namespace, None)
        self._by_connection[namespace, eio_sid] = socket
        self._namespaces_of.setdefault(eio_sid, set()).add(namespace)

    def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        if (namespace, eio_sid) in self._by_connection:
            return None
        sid: str = self.server.eio.generate_id()
        self.reserve(sid, eio_sid, namespace)
        return sid

    def connect(self, sid: str, namespace: str) -> str | None:
        socket = self.socket(sid, namespace)
        if socket is None:  # python-socketio allows an eio_sid here
            made = self.pre_connect(sid, namespace)
            return None if made is None else self.connect(made, namespace)
        socket.state = CONNECTED
        if isinstance(socket.connection, Early):
            socket.connection = socket.connection.release()  # no room of it holds a list yet: it has no WebSocket
        return sid

    def is_pre_connected(self, sid: str, namespace: str) -> bool:
        socket = self.socket(sid, namespace)
        return socket is not None and socket.state == CONNECTING

    def is_connected(self, sid: str, namespace: str) -> bool:
        socket = self.socket(sid, namespace)
        return socket is not None and socket.state == CONNECTED

    def pre_disconnect(self, sid: str, namespace: str) -> str:
        socket = self.rooms[namespace][None][sid]
        socket.state = LEAVING
        return socket.eio_sid

    def basic_disconnect(self, sid: str, namespace: str, **_: Any) -> None:
        self._remove(sid, namespace)
        self.callbacks.pop(sid, None)

    def _remove(self, sid: str, namespace: str) -> None:
        socket = self.socket(sid, namespace)
        if socket is None:
            return
        for room in tuple(socket.rooms):
            self.basic_leave_room(sid, namespace, room)
        self._leave(sid, namespace, None)
        socket.state = GONE
        del self._by_connection[namespace, socket.eio_sid]
        namespaces = self._namespaces_of[socket.eio_sid]
        namespaces.discard(namespace)
        if not namespaces:
            del self._namespaces_of[socket.eio_sid]

    # --- who is who

    def socket(self, sid: str, namespace: str) -> Socket | None:
        """The socket ``sid``, if it is here."""
        rooms = self.rooms.get(namespace)
        return None if rooms is None else rooms[None].get(sid)

    def knows(self, eio_sid: str) -> bool:
        """Whether a connection has a socket in any namespace, be it one that is still connecting."""
        return eio_sid in self._namespaces_of

    def connection_of(self, sid: str, namespace: str) -> str:
        """The id of the connection of a socket that is here; KeyError if it is not."""
        return self.rooms[namespace][None][sid].eio_sid

    def namespaces_of(self, eio_sid: str) -> list[str]:
        """The namespaces in which a connection has a socket."""
        return list(self._namespaces_of.get(eio_sid, ()))

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        socket = self._by_connection.get((namespace, eio_sid))
        return None if socket is None else socket.sid

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        socket = self.socket(sid, namespace)
        return None if socket is None else socket.eio_sid

    def is_sid_room(self, namespace: str, room: str) -> bool:
        return self.socket(room, namespace) is not None

    # --- rooms

    def basic_enter_room(self, sid: str, namespace: str, room: str, **_: Any) -> None:
        socket = self.socket(sid, namespace)
        if socket is None:
            raise ValueError("sid is not connected to requested namespace")
        if room == sid:
            return
        if self.is_sid_room(namespace, room):
            raise ValueError("cannot enter a sid room")
        socket.rooms.add(room)
        self._enter(socket, namespace, room)

    def basic_leave_room(self, sid: str, namespace: str, room: str) -> None:
        socket = self.socket(sid, namespace)
        if socket is not None and room in socket.rooms:
            socket.rooms.discard(room)
            self._leave(sid, namespace, room)

    def _enter(self, socket: Socket, namespace: str, room: str | None) -> None:
        rooms = self.rooms.setdefault(namespace, {})
        if room not in rooms:
            rooms[room] = Room()
        rooms[room][socket.sid] = socket
        rooms[room].websockets = None

    def _leave(self, sid: str, namespace: str, room: str | None) -> None:
        rooms = self.rooms[namespace]
        del rooms[room][sid]
        rooms[room].websockets = None
        if not rooms[room]:
            del rooms[room]
        if not rooms:
            del self.rooms[namespace]

    def basic_close_room(self, room: str, namespace: str) -> None:
        if self.is_sid_room(namespace, room):
            raise ValueError("cannot close a sid room")
        for socket in self.members(namespace, room):
            self.basic_leave_room(socket.sid, namespace, room)

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        socket = self.socket(sid, namespace)
        return [] if socket is None else [sid, *socket.rooms]

    def members(self, namespace: str, room: str | Collection[str] | None) -> list[Socket]:
        """The sockets in a room, or in any of several, each once; a sid is a room, too. None: all of the namespace."""
        rooms = self.rooms.get(namespace)
        if rooms is None:
            return []
        if room is None or isinstance(room, str):
            return self._in_one(rooms, room)
        if len(room) == 1:
            return self._in_one(rooms, next(iter(room)))
        return list({socket.sid: socket for name in room for socket in self._in_one(rooms, name)}.values())

    @staticmethod
    def _in_one(rooms: dict[str | None, Room], room: str | None) -> list[Socket]:
        there = rooms.get(room)
        if there is not None:
            return list(there.values())
        alone = rooms[None].get(room) if room is not None else None
        return [] if alone is None else [alone]

    def size(self, room: str) -> int:
        """How many sockets are in ``room``, over all namespaces."""
        return sum(len(rooms.get(room, ())) for rooms in self.rooms.values())

    def direct(self, namespace: str, rooms: Collection[str] | None) -> list[WebSocket] | None:
        """As :meth:`members`, what they are written to; None where that is not one room whose members have all one."""
        if rooms is not None and len(rooms) != 1:
            return None
        there = self.rooms.get(namespace, {}).get(None if rooms is None else next(iter(rooms)))
        return None if there is None or len(there) > MOST_DIRECT else there.direct()

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        for socket in self.members(namespace, room):
            yield socket.sid, socket.eio_sid
