"""Thousands of WebSocket clients in one process, cheap enough not to be what is measured.

A client is a socket and a handful of counters. What comes is received into one buffer for all; where it has the size
of the event before, it is counted and not looked into, but for the clients that note how long it was on its way.
"""

import select
import socket
import struct
import time
from collections.abc import Callable
from statistics import mean
from types import TracebackType
from typing import Self

import jwt

from bench.servers import SECRET
from bench.target import HOST, Target
from bench.websocket import masked, messages

PATIENCE = 120.0  # seconds until all must have been heard
AT_ONCE = 32  # connects under way: fewer than the shortest of the servers' backlogs
LOOKED_INTO = 8  # clients
TCP_INFO_SIZE = 160
BYTES_IN, DATA_SEGMENTS_IN = 128, 152  # where struct tcp_info has them
STAMP = 20  # digits: CLOCK_MONOTONIC in nanoseconds, in front of each payload
UPGRADE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
COMPRESSION = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"  # as browsers offer it

_buffer = bytearray(1 << 16)


class Client:
    """One connection, from its upgrade to the events of its room."""

    __slots__ = ("_crowd", "_fields", "_receive", "_rest", "_room", "_timed", "_upgraded", "heard", "socket")

    def __init__(self, crowd: "Crowd", number: int, room: str, *, timed: bool) -> None:
        self._crowd = crowd
        self._room = room
        self._timed = timed
        self._rest = bytearray()
        self._upgraded = False
        self._fields = {"sub": str(number), "exp": 4102444800}
        self.heard = 0
        self.socket = socket.create_connection((HOST, crowd.target.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.socket.send(UPGRADE + (COMPRESSION if crowd.compressed else b"") + b"\r\n")
        self._receive = self.socket.recv_into

    def read(self) -> None:
        """Take what has come."""
        size = self._receive(_buffer)
        crowd = self._crowd
        if size == crowd.frame and not self._rest:
            self._hear(_buffer, crowd.stamp_at)
        else:
            self._look_into(size)

    def say(self, message: bytes) -> None:
        """Send a Socket.IO packet."""
        self.socket.send(masked(message))

    def enter(self, room: str) -> None:
        """Ask to join a room."""
        self.say(b'420["join","%s"]' % room.encode())

    def segments(self) -> int:
        """How many TCP segments with data have come."""
        return self._tcp("I", DATA_SEGMENTS_IN)

    def received(self) -> int:
        """How many bytes have come."""
        return self._tcp("Q", BYTES_IN)

    def _tcp(self, kind: str, at: int) -> int:
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_SIZE)
        found: int = struct.unpack_from(kind, info, at)[0]
        return found

    def _look_into(self, size: int) -> None:
        assert size, f"{self._crowd.target.name} closed a connection"
        fresh = not self._rest
        self._rest += _buffer[:size]
        if not self._upgraded:
            head, found, rest = self._rest.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101"), bytes(head)
            self._upgraded, self._rest = True, rest
        came = list(messages(self._rest))
        for message in came:
            self._take(message)
        whole = fresh and not self._rest and len(came) == 1 and len(came[0]) < size  # else it was compressed
        if whole and came[0].startswith(b"42"):
            self._crowd.learn(size, _buffer)

    def _take(self, message: bytes) -> None:
        if message.startswith(b"42"):
            self._hear(message, stamp_at(message))
        elif message.startswith(b"430"):
            self._crowd.joined += 1
        elif message.startswith(b"43"):
            self._crowd.acked += 1
        elif message.startswith(b"40"):
            self.enter(self._room)
        elif message.startswith(b"0"):
            self.say(b'40{"token":"%s"}' % jwt.encode(self._fields, SECRET, "HS256").encode())
        else:
            assert message == b"2", message
            self.say(b"3")

    def _hear(self, data: bytes | bytearray, at: int) -> None:
        if self._timed:
            self._crowd.delays.append(time.monotonic_ns() - int(data[at : at + STAMP]))
        self.heard += 1
        self._crowd.heard += 1


def stamp_at(data: bytes | bytearray) -> int:
    """Where an event has the time at which it was sent."""
    return data.index(b'{"at":"') + 7


class Crowd:
    """The clients of one server, as a context manager.

    Attributes:
        joined: how often clients have joined a room, since they were told to.
        heard: events, by all clients together.
        acked: events of the clients.
        delays: how long events were on their way to the clients that note it, in nanoseconds.
    """

    def __init__(self, target: Target, *, compressed: bool = False) -> None:
        """
        :param compressed: whether they offer to take compressed messages
        """
        self.target = target
        self.compressed = compressed
        self.clients: list[Client] = []
        self.joined = self.heard = self.acked = 0
        self.delays: list[int] = []
        self.frame = self.stamp_at = 0
        self._by_file: dict[int, Client] = {}
        self._epoll = select.epoll()

    def learn(self, frame: int, buffer: bytearray) -> None:
        """Take what came for what the events to come look like."""
        self.frame = frame
        self.stamp_at = stamp_at(buffer)

    def join(self, count: int, room: str, timed_every: int = 0) -> None:
        """Connect clients, which join ``room-0``, and wait until all are in it.

        :param timed_every: one of so many clients notes how long events were on their way
        """
        self.joined = 0
        for number in range(count):
            self._until_joined(number - AT_ONCE)
            timed = timed_every > 0 and number % timed_every == 0
            client = Client(self, number, f"{room}-0", timed=timed)
            self.clients.append(client)
            self._by_file[client.socket.fileno()] = client
            self._epoll.register(client.socket, select.EPOLLIN)
        self._until_joined(count)

    def enter(self, room: str, rooms: int) -> None:
        """Have all of them join ``room-0``, ``room-1`` … in turn, too."""
        self.joined = 0
        for number, client in enumerate(self.clients):
            self._until_joined(number - AT_ONCE)
            client.enter(f"{room}-{number % rooms}")
        self._until_joined(len(self.clients))

    def settle(self) -> None:
        """Wait until the server has nothing left to do."""
        self.target.settle(self.stay)

    def hear(self, each: int) -> None:
        """Wait until each client has heard so many events since the last time."""
        self._until(lambda: self.heard >= each * len(self.clients))
        self.stay(0.05)  # for one too many
        wrong = [client.heard for client in self.clients if client.heard != each]
        assert not wrong, f"{self.target.name}: {len(wrong)} clients heard {wrong[:5]} … events instead of {each}"
        self.heard = 0
        for client in self.clients:
            client.heard = 0

    def delay(self, share: float) -> float:
        """How long at most so large a share of the events was on its way, in milliseconds."""
        return sorted(self.delays)[int(len(self.delays) * share)] / 1_000_000

    def segments(self) -> float:
        """How many TCP segments with data have come to a client; the mean of a few."""
        return mean(client.segments() for client in self.clients[:LOOKED_INTO])

    def received(self) -> float:
        """How many bytes have come to a client; the mean of a few."""
        return mean(client.received() for client in self.clients[:LOOKED_INTO])

    def ask(self, total: int, every: float) -> None:
        """Have the clients in turn send an event, one every so many seconds, and wait until each got its ack."""
        self.acked = 0
        began = time.monotonic()
        for number in range(total):
            self.stay(began + number * every - time.monotonic())
            self.clients[number % len(self.clients)].say(b'42%d["ping-me",{"n":%d}]' % (number + 1, number))
        self._until(lambda: self.acked == total)

    def stay(self, seconds: float) -> None:
        """Take what comes for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._turn(left)

    def _until_joined(self, count: int) -> None:
        self._until(lambda: self.joined >= count)

    def _until(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not done():
            self._turn(1)
            assert time.monotonic() < end, f"{self.target.name}: {self.joined} joined, {self.heard} heard"

    def _turn(self, seconds: float) -> None:
        for file, _ in self._epoll.poll(seconds):
            self._by_file[file].read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._epoll.close()
        for client in self.clients:
            client.socket.close()
