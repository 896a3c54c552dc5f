"""A client that joins tens of thousands of rooms holds nobody up: not while it joins, stays or leaves."""

import json

from tests.faults.watch import Watch
from tests.hostile.dropin_server import DropIn
from tests.hostile.wire import WebSocket

ROOMS, TOGETHER = 50_000, 500


def test_50000_joins_hold_nobody_up(server: DropIn, honest: WebSocket, ws: WebSocket) -> None:
    ws.connected()
    before = server.vitals()["rooms"]
    with Watch(server.api, "/health/live") as watch:
        for begin in range(0, ROOMS, TOGETHER):
            ws.send("42" + json.dumps(["join", *(f"room-{number}" for number in range(begin, begin + TOGETHER))]))
        assert ws.ask("done") == ["done"]
        for _ in range(100):  # others leave meanwhile
            with WebSocket(server.port) as other:
                other.connected()
        assert honest.ask("there?") == ["there?"]
        ws.close()
        server.wait_until_left(1)
    assert max(watch.seconds) < 1
    assert server.vitals()["rooms"] <= before
