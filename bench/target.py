"""A server that is measured, as seen from another process: what it is told to do, and what it costs."""

import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from typing import Literal, NamedTuple
from urllib.parse import urlencode

import psutil

HOST = "127.0.0.1"
ANSWER_SECONDS = 30.0
TURN = 0.05  # seconds in which a server that has nothing left to do
IDLE = 0.002  # spends less than this on its processor
MOST_TURNS = 600

Kind = Literal["plain", "numbered", "list"]
"""Of an event: with 300 bytes of payload; the same as a durable one, which has an offset; with 2 KB of tasks."""


class Target(NamedTuple):
    """One server process."""

    name: str
    port: int
    pid: int

    def emit(self, events: int, gap: float, room: str, rooms: int = 1, kind: Kind = "plain") -> None:
        """Have it emit ``events`` in a moment, ``gap`` seconds after each, to ``room-0``, ``room-1`` … in turn."""
        query = {"room": room, "rooms": rooms, "events": events, "gap": f"{gap:.6f}", "kind": kind}
        self._ask("POST", f"/emit?{urlencode(query)}")

    def watch(self) -> None:
        """Have it look how long nothing else gets a turn, until the answer is asked for."""
        self._ask("POST", "/pauses")

    def longest_pause(self) -> float:
        """In milliseconds, since :meth:`watch`."""
        return float(self._ask("GET", "/pauses"))

    def cpu(self) -> float:
        """The seconds of processor time that it spent so far, user and system, of all its threads.

        What /proc/PID/stat has in ticks of 10 ms, in nanoseconds: the clock that clock_getcpuclockid(3) names.
        """
        return time.clock_gettime((~self.pid << 3) | 2)

    def resident(self) -> int:
        """Its memory, in bytes."""
        return int(psutil.Process(self.pid).memory_info().rss)

    def settle(self, wait: Callable[[float], object] = time.sleep) -> None:
        """Wait until it has nothing left to do."""
        for _ in range(MOST_TURNS):
            before = self.cpu()
            wait(TURN)
            if self.cpu() - before < IDLE:
                return

    def _ask(self, method: str, path: str) -> str:
        with closing(HTTPConnection(HOST, self.port, timeout=ANSWER_SECONDS)) as connection:
            connection.request(method, path)
            answer = connection.getresponse()
            assert answer.status == 200, f"{self.name}: {method} {path}: {answer.status}"
            return answer.read().decode()
