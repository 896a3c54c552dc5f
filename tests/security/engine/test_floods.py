"""A socket that sends five megabytes a second keeps nobody else waiting."""

import json
from time import sleep

import pytest

from tests.faults.watch import Watch
from tests.security.engine.honest import Flood, RoundTrips
from tests.security.engine.servers import DropIn
from tests.security.engine.wire import CONTINUATION, PING, TEXT, WebSocket, frame

RATE = 5_000_000  # bytes a second
SECONDS = 1.0
TRIES = 3  # what else the machine does may hold one of them up; a flood that does, does it each time
KINDS = {
    "events": (frame("40"), frame("42" + json.dumps(["message", "x" * 1000]))),
    "small events": (frame("40"), frame('42["x"]')),
    "events before CONNECT": (b"", frame('42["message"]')),
    "big events": (frame("40"), frame("42" + json.dumps(["x", "x" * 200_000]))),
    "acknowledgements of nothing": (frame("40"), frame("430[]")),
    "pongs": (b"", frame("3")),
    "pings of WebSocket": (b"", frame(b"", PING)),
    "fragments of nothing": (frame("4", TEXT, fin=False), frame(b"", CONTINUATION, fin=False)),
}


def waits(server: DropIn, kind: str) -> tuple[float, float]:
    """The seconds that others wait meanwhile: for 99 of 100 acknowledgements, and for the slowest request."""
    trips, watch = RoundTrips(server.port), Watch(server.api, "/health/live")
    with watch, trips, Flood(WebSocket(server.port), *KINDS[kind], RATE):
        sleep(SECONDS)
    return trips.p99, max(watch.seconds)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_keeps_nobody_else_waiting(kind: str, server: DropIn) -> None:
    tried: list[tuple[float, float]] = []
    while len(tried) < TRIES and not any(p99 < 0.2 and slowest < 1 for p99, slowest in tried):
        tried.append(waits(server, kind))
    p99, slowest = tried[-1]
    assert p99 < 0.2, tried
    assert slowest < 1, tried
