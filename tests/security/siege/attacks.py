"""What attackers do, again and again: each kind is a blow that they repeat for as long as the siege lasts."""

import json
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import cycle
from threading import Event
from time import monotonic, sleep

from tests.security.engine.polls import Polling, Request
from tests.security.engine.wire import BINARY, CONTINUATION, PING, TEXT, Closed, WebSocket, frame

TOGETHER = 60  # connections of one blow
DRIP = 0.5  # seconds between two bytes of what is slow
RATE = 5_000_000  # bytes a second
TICK = 0.05  # seconds
DEEP = "[" * 1000 + "]" * 1000
EVENT = '42["typing-stop",{"conversationId":"none"}]'


@dataclass(frozen=True)
class Target:
    """Whom it is against.

    Attributes:
        port: of the server.
        token: the attacker's own, and a good one.
        over: set when the siege ends.
    """

    port: int
    token: str
    over: Event

    def connected(self) -> WebSocket:
        """A WebSocket that the server has let in, as it would anybody's with such a token."""
        ws = WebSocket(self.port)
        ws.send(f"40{json.dumps({'token': self.token})}")
        ws.receive()
        return ws


Attack = Callable[[Target], None]


def _sent(*packets: str | bytes) -> Attack:
    """Have a connected client send packets, one after the other, until it is sent away or has sent all."""

    def attack(target: Target) -> None:
        with target.connected() as ws:
            for packet in packets:
                ws.send(packet)
            ws.heard(0.01)

    return attack


def _written(*writings: bytes) -> Attack:
    """Open a WebSocket for each of these, write it, and see how it ends."""

    def attack(target: Target) -> None:
        for writing in writings:
            with WebSocket(target.port) as ws:
                ws.write(writing)
                ws.ended(0.5)

    return attack


def _requested(*requests: bytes) -> Attack:
    """Send each as an HTTP request of its own, and read until the server closes the connection."""

    def attack(target: Target) -> None:
        for request in requests:
            with socket.create_connection(("127.0.0.1", target.port), 1) as connection:
                connection.sendall(request)
                connection.recv(65536)

    return attack


def _too_many_connections(target: Target) -> None:
    with ExitStack() as held:
        for _ in range(TOGETHER):
            held.enter_context(target.connected())


def _commands(target: Target) -> None:
    with target.connected() as ws:
        ws.write(frame(EVENT) * 2000)
        ws.rest()


def _stream(target: Target) -> None:
    chunk = frame(EVENT) * (int(RATE * TICK) // len(frame(EVENT)))
    with target.connected() as ws:
        due = monotonic()
        while not target.over.is_set():
            ws.write(chunk)
            ws.heard(0)
            due += TICK
            sleep(max(0.0, due - monotonic()))


def _stalled(target: Target) -> None:
    """Hold 250 requests open that never end; each that the server closes is begun anew."""
    head = b"POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    kinds = cycle(
        [
            (b"", b""),
            (b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n", b"X: x\r\n"),
            (b"GET /health/live HTTP/1.1\r\nHost: x\r\n", b"X: x\r\n"),
            (head + b"Content-Length: 999\r\n\r\n", b" "),
        ]
    )
    held: list[tuple[socket.socket, bytes]] = []
    try:
        while not target.over.wait(DRIP):
            held = [(connection, again) for connection, again in held if _goes_on(connection, again)]
            while len(held) < 250 and not target.over.is_set():
                begin, again = next(kinds)
                connection = socket.create_connection(("127.0.0.1", target.port), 5)
                held.append((connection, again))
                connection.sendall(begin)
                connection.setblocking(False)
    finally:
        for connection, _ in held:
            connection.close()


def _goes_on(connection: socket.socket, again: bytes) -> bool:
    try:
        connection.sendall(again)
        if connection.recv(1024):
            return True
    except BlockingIOError:
        return True
    except OSError:
        pass
    connection.close()
    return False


def _malformed_posts(target: Target) -> None:
    with Polling(target.port) as polling:
        for _ in range(1000):
            if target.over.is_set() or polling.post("4" + "x" * 100).status == 0:
                break


def _jsonp(target: Target) -> None:
    for path in ("/socket.io/?EIO=4&transport=polling&j=0", "/socket.io/?EIO=3&transport=polling"):
        Request(target.port, "GET", path).answer()


def _wrong_passwords(target: Target) -> None:
    body = json.dumps({"email": "admin@example.com", "password": "not the password"})
    lines = f"Host: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
    _requested(f"POST /api/auth/login HTTP/1.1\r\n{lines}\r\n\r\n{body}".encode())(target)


def _joins(value: object) -> list[str]:
    return [f"42{number}{json.dumps([name, value])}" for number, name in enumerate(("join-tasks", "join-chat"))]


ODD = [{"a": 1}, [1], 7, None, "x" * 60_000, "%", "' OR 1=1 --", "\x00"]
LINE = b"GET /health/live HTTP/1.1\r\n"
ATTACKS: dict[str, Attack] = {
    "rooms that are none": _sent(*(packet for value in ODD for packet in _joins(value))),
    "nesting and numbers that JSON has not": _sent(f'421["join-tasks",{DEEP}]', '421["join-tasks",NaN]'),
    "frames that are none": _written(
        b"\x81\x01x", b"\xc1\x81\0\0\0\0x", b"\x83\x81\0\0\0\0x", frame(b"x" * 126, PING), frame(b"\xff", TEXT)
    ),
    "fragments without end": _written(
        frame(b"4", BINARY, fin=False) + frame(b"x" * 1000, CONTINUATION, fin=False) * 5000,
        frame("4", TEXT, fin=False) + frame(b"", CONTINUATION, fin=False) * 10_000,
    ),
    "attachments that don't fit": _sent('4511-["x",{"_placeholder":true,"num":0}]', b"x" * 60_000),
    "attachments that never come": _sent('4510-["x",{"_placeholder":true,"num":9}]', *[b"x" * 60_000] * 9),
    "names that are the server's own": _sent('42["disconnect"]'),
    "too many connections": _too_many_connections,
    "2,000 commands at once": _commands,
    "requests that never end": _stalled,
    "POSTs that are none": _malformed_posts,
    "5 MB a second": _stream,
    "requests that are no HTTP": _requested(
        LINE + b"Host: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        LINE + b"Host: x\r\nHost: y\r\n\r\n",
        LINE + b"Host: x\nX: \x01\r\n\r\n",
        b"\x16\x03\x01" + b"x" * 500 + b"\r\n\r\n",
    ),
    "JSONP": _jsonp,
    "wrong passwords": _wrong_passwords,
}


def strike(kind: str, target: Target) -> int:
    """Repeat one kind of blow until the siege is over; how many there were. That they are refused stops nobody."""
    blows = 0
    while not target.over.is_set():
        with suppress(OSError, Closed, AssertionError):
            ATTACKS[kind](target)
        blows += 1
    return blows
