"""A client that joins tens of thousands of rooms holds nobody up: not while it joins, stays or leaves."""

import json

from tests.faults.watch import Watch
from tests.security.engine.servers import DropIn
from tests.security.engine.wire import WebSocket

ROOMS, TOGETHER = 50_000, 500
OTHERS = 20


def join_all(ws: WebSocket) -> None:
    ws.connected()
    for begin in range(0, ROOMS, TOGETHER):
        ws.send("42" + json.dumps(["join", *(f"room-{number}" for number in range(begin, begin + TOGETHER))]))
    assert ws.ask("done") == ["done"]


def come_and_go(server: DropIn) -> float:
    """The seconds that the server works until some others have connected, one after the other, and left."""
    sessions, before = server.sessions, server.processor_seconds
    for _ in range(OTHERS):
        with WebSocket(server.port) as other:
            other.connected()
        server.wait_until_left(sessions)
    return server.processor_seconds - before


def test_50000_joins_hold_nobody_up_nor_does_the_end_of_them(server: DropIn, ws: WebSocket) -> None:
    with Watch(server.api, "/health/live") as watch:
        join_all(ws)
        assert server.vitals()["rooms"] > ROOMS
        ws.close()
        server.wait_until_left()
    assert max(watch.seconds) < 1
    assert server.vitals()["rooms"] == 0


def test_the_rooms_of_one_make_it_no_dearer_for_others_to_leave(server: DropIn, ws: WebSocket) -> None:
    come_and_go(server)
    alone = come_and_go(server)
    join_all(ws)
    assert come_and_go(server) < 2 * alone
