"""A socket that sends five megabytes a second keeps nobody else waiting."""

import json
from time import sleep

import pytest

from tests.faults.watch import Watch
from tests.hostile.dropin_server import DropIn
from tests.hostile.honest import Flood, RoundTrips
from tests.hostile.wire import CONTINUATION, PING, TEXT, WebSocket, frame

RATE = 5_000_000  # bytes a second
SECONDS = 1.5
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_keeps_nobody_else_waiting(kind: str, server: DropIn, ws: WebSocket) -> None:
    trips = RoundTrips(server.port)
    with Watch(server.api, "/health/live") as watch, trips, Flood(ws, *KINDS[kind], RATE):
        sleep(SECONDS)
    assert trips.p99 < 0.2
    assert max(watch.seconds) < 1
