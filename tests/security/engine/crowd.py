"""Clients that come, hear an event and go, over and over; and among them some that stall, vanish or never finish."""

import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from threading import Event
from time import monotonic, sleep
from typing import Protocol

from tests.security.engine.polls import Polling
from tests.security.engine.wire import CLOSE, LINGER, RESET, UPGRADE, WebSocket, frame

PATIENCE = 15.0  # seconds for one answer, of a server that is busy with all the others
PAUSE = 0.05  # seconds between two events
FAREWELLS = (frame("41"), frame("1"), frame((1000).to_bytes(2), CLOSE), b"")  # before the TCP connection is closed


@dataclass(frozen=True)
class Target:
    """How a server is spoken to.

    Attributes:
        auth: what stands behind CONNECT.
        join: the arguments of the event that joins the room, as JSON.
        event: what is heard there.
        tell: makes that event happen once.
    """

    port: int
    auth: str
    join: str
    event: str
    tell: Callable[[], None]


class Link(Protocol):
    """A session over one transport or the other."""

    def send(self, packet: str) -> None: ...

    def hear(self) -> list[str]: ...


class Socket:
    """Over WebSocket."""

    def __init__(self, ws: WebSocket) -> None:
        self._ws = ws

    def send(self, packet: str) -> None:
        self._ws.send(packet)

    def hear(self) -> list[str]:
        return [str(self._ws.receive())]


class Polls:
    """Over polling; pings are answered."""

    def __init__(self, polling: Polling) -> None:
        self._polling = polling

    def send(self, packet: str) -> None:
        assert self._polling.post(packet).status == 200

    def hear(self) -> list[str]:
        answer = self._polling.poll()
        assert answer.status == 200, answer
        if "2" in answer.packets:
            self.send("3")
        return answer.packets


def _reach(link: Link, beginning: str) -> None:
    """Hear packets until one begins like this."""
    deadline = monotonic() + PATIENCE
    while not any(packet.startswith(beginning) for packet in link.hear()):
        assert monotonic() < deadline, f"nothing began with {beginning}"


def _connect(link: Link, target: Target) -> None:
    link.send(f"40{target.auth}")
    _reach(link, "40{")


def _join(link: Link, target: Target) -> None:
    link.send(f"421{target.join}")
    _reach(link, "431")


def _hear(link: Link, target: Target) -> None:
    _reach(link, f'42["{target.event}"')


# --- those that mean well


def websocket(target: Target, random: Random, _: Event) -> None:
    with WebSocket(target.port, timeout=PATIENCE) as ws:
        link = Socket(ws)
        for step in (_connect, _join, _hear):
            step(link, target)
        ws.write(random.choice(FAREWELLS))


def polling(target: Target, _: Random, __: Event) -> None:
    with Polling(target.port, PATIENCE) as polls:
        link = Polls(polls)
        for step in (_connect, _join, _hear):
            step(link, target)


def upgrading(target: Target, random: Random, _: Event) -> None:
    polls = Polling(target.port, PATIENCE)
    _connect(Polls(polls), target)
    with WebSocket(target.port, polls.opened["sid"], timeout=PATIENCE) as ws:
        ws.send("2probe")
        assert ws.receive() == "3probe"
        ws.send("5")
        for step in (_join, _hear):
            step(Socket(ws), target)
        ws.write(random.choice(FAREWELLS))


# --- and those that don't


def slow(target: Target, random: Random, over: Event) -> None:
    """Joins, and then reads nothing for a while."""
    with WebSocket(target.port, receive_buffer=4096, timeout=PATIENCE) as ws:
        for step in (_connect, _join):
            step(Socket(ws), target)
        over.wait(random.uniform(0.2, 3))


def vanishing(target: Target, _: Random, __: Event) -> None:
    """Polls, and its poll ends with its machine."""
    polls = Polling(target.port, PATIENCE)
    for step in (_connect, _join):
        step(Polls(polls), target)
    polls.get().abort(reset=True)


def half_shaken(target: Target, random: Random, _: Event) -> None:
    """Sends half a handshake, or a whole one, and is gone before the answer."""
    with socket.create_connection(("127.0.0.1", target.port), PATIENCE) as tcp:
        tcp.sendall(UPGRADE[: random.choice((10, 100, len(UPGRADE)))])
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, random.choice((RESET, LINGER)))


def half_upgraded(target: Target, _: Random, __: Event) -> None:
    """Is gone in the middle of its upgrade, and never polls again."""
    polls = Polling(target.port, PATIENCE)
    _connect(Polls(polls), target)
    with WebSocket(target.port, polls.opened["sid"], timeout=PATIENCE) as ws:
        ws.send("2probe")
        ws.reset()


def silent(target: Target, _: Random, __: Event) -> None:
    """Opens a session, and that is all."""
    Polling(target.port, PATIENCE)


WEIGHTS = {websocket: 4, polling: 3, upgrading: 3, slow: 1, vanishing: 1, half_shaken: 2, half_upgraded: 1, silent: 1}


def crowd(target: Target, clients: int, seconds: float) -> Counter[str]:
    """Have so many clients at a time come and go for so long; how often each kind of them did.

    What one that means well misses is raised: a session that is not opened, an event that is not heard.
    """
    over = Event()
    with ThreadPoolExecutor(clients) as pool:
        lives = [pool.submit(_live, target, Random(number), over) for number in range(clients)]
        deadline = monotonic() + seconds
        while not all(life.done() for life in lives):  # until the end some wait for an event
            sleep(PAUSE)
            target.tell()
            if monotonic() > deadline or any(life.done() for life in lives):
                over.set()
    return sum((life.result() for life in lives), Counter())


def _live(target: Target, random: Random, over: Event) -> Counter[str]:
    lived: Counter[str] = Counter()
    while not over.is_set():
        (kind,) = random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        kind(target, random, over)
        lived[kind.__name__] += 1
    return lived
