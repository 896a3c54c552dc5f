"""Thousands of frames, packets, bodies and requests that are wrong in some way harm nobody but who sends them.

A case that harms is named by its number: `FUZZ_CASE=<number> pytest <this file>` plays it alone, over and over.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count, repeat
from time import monotonic, sleep
from typing import Any

import pytest

from app.engine.transport.complaints import EVERY
from tests.conftest import Scale
from tests.security.engine.fuzz import Case, case
from tests.security.engine.honest import Listener
from tests.security.engine.polls import Polling
from tests.security.engine.servers import DropIn
from tests.security.engine.wire import PROBE, UPGRADE, frame

SECONDS = 20.0  # that a server may take to end a connection whose client has sent all
SETTLE = 20.0  # seconds until the last session is known to be gone
THREADS = 8
BATCH = 50
WARM_UP = 300
SLACK = 3
MEGABYTES = 12  # the allocator's
COMPRESSED = UPGRADE.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    return {"ping_interval": 1, "ping_timeout": 5, "connect_timeout": 3, "websocket_compression": True}


# --- one case


def play(server: DropIn, what: Case) -> bytes:
    """Be this client, to the end; what the server sent it, over the last of its connections."""
    match what.way:
        case "websocket" | "compressed":
            handshake = UPGRADE if what.way == "websocket" else COMPRESSED
            return exchange(server.port, handshake + (frame("40") if what.connects else b""), what.inputs)
        case "request":
            return b"".join(exchange(server.port, b"", [request]) for request in what.inputs)
    with Polling(server.port, SECONDS) as polling:
        if what.connects:
            polling.post("40")
        if what.way == "upgrade":
            probed = PROBE % polling.opened["sid"].encode() + frame("2probe")
            return exchange(server.port, probed, what.inputs)
        return "".join(polling.post(body).body for body in what.inputs).encode()


def exchange(port: int, first: bytes, inputs: Sequence[bytes]) -> bytes:
    """Send all, say that no more comes, and read to the end."""
    answers = b""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as tcp:
        with suppress(BrokenPipeError, ConnectionResetError):  # it was ended before
            tcp.sendall(first)
            for part in inputs:
                tcp.sendall(part)
        with suppress(OSError):  # for the same reason
            tcp.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while data := tcp.recv(1 << 18):
                answers += data
    return answers


def harm(server: DropIn, what: Case) -> str:
    """What a case did to its own client that no client may meet; empty if nothing."""
    try:
        answers = play(server, what)
    except (AssertionError, OSError) as error:  # TimeoutError: the connection was not ended
        return repr(error)
    return "a traceback was sent" if b"Traceback" in answers or b" 500 " in answers else ""


def told(seeds: Sequence[int]) -> str:
    """How to make these cases again."""
    return "\n".join(f"FUZZ_CASE={seed}: {case(seed)!r:.2000}" for seed in seeds)


# --- many


class Fuzz:
    """Plays cases to a server, a batch at a time, and tells an honest client something after each batch."""

    def __init__(self, server: DropIn, pool: ThreadPoolExecutor) -> None:
        self._server = server
        self._pool = pool
        alone = os.environ.get("FUZZ_CASE")
        self._seeds = count() if alone is None else repeat(int(alone))
        self.inputs = 0
        self.told: list[int] = []

    def play(self, inputs: int) -> None:
        """Play cases until so many more inputs were sent.

        :raises AssertionError: with the cases that did harm
        """
        wanted = self.inputs + inputs
        while self.inputs < wanted:
            self._play_batch([next(self._seeds) for _ in range(BATCH)])

    def _play_batch(self, seeds: list[int]) -> None:
        before = len(self._server.log())
        cases = [case(seed) for seed in seeds]
        self.inputs += sum(len(what.inputs) for what in cases)
        harms = dict(zip(seeds, self._pool.map(lambda what: harm(self._server, what), cases), strict=True))
        self.told.append(len(self.told))
        assert self._server.tell(self.told[-1]) == 200
        harmed = [seed for seed in seeds if harms[seed]]
        assert not harmed, f"{[harms[seed] for seed in harmed]}\n{told(harmed)}"
        log = self._server.log()[before:]
        assert "Traceback" not in log, f"{told(self._tracer(seeds))}\n{log[-5000:]}"

    def _tracer(self, seeds: list[int]) -> list[int]:
        """One of the cases that leave a traceback in the log when they are played again; all, if none does so alone."""
        while len(seeds) > 1:
            half = len(seeds) // 2
            found = next((part for part in (seeds[:half], seeds[half:]) if self._leaves_one(part)), None)
            if found is None:
                break
            seeds = found
        return seeds

    def _leaves_one(self, seeds: list[int]) -> bool:
        sleep(2 * EVERY)  # failures are told of that rarely
        before = len(self._server.log())
        for seed in seeds:
            harm(self._server, case(seed))
        return "Traceback" in self._server.log()[before:]


@pytest.fixture
def fuzz(server: DropIn) -> Iterator[Fuzz]:
    with ThreadPoolExecutor(THREADS) as pool:
        yield Fuzz(server, pool)


def settled(server: DropIn, expected: dict[str, int]) -> dict[str, int]:
    """What the server holds once it is no more than expected, or when it has been waited for long enough."""
    deadline = monotonic() + SETTLE
    while more(held := server.vitals() | {"files": server.files}, expected) and monotonic() < deadline:
        sleep(0.3)
    return held


def more(held: dict[str, int], expected: dict[str, int]) -> dict[str, int]:
    """What there is more of than expected, and by how much."""
    return {kind: held[kind] - count for kind, count in expected.items() if held[kind] > count + SLACK}


def test_wrong_input_harms_nobody_and_leaves_nothing_behind(server: DropIn, fuzz: Fuzz, scale: Scale) -> None:
    with Listener(server.port) as honest:
        before = server.vitals() | {"files": server.files}
        fuzz.play(WARM_UP)
        resident, lines, began = server.resident, len(server.log().splitlines()), monotonic()
        fuzz.play(scale(3000, 100_000))
        seconds = monotonic() - began
        assert len(server.log().splitlines()) - lines <= 2 * (seconds + 2), "a line a second of each kind"
        assert more(settled(server, before), before) == {}
        assert server.resident - resident < MEGABYTES
        deadline = monotonic() + SECONDS
        while len(honest.payloads) < len(fuzz.told) and monotonic() < deadline:
            sleep(0.05)
        assert honest.payloads == fuzz.told
