"""A wall clock that jumps: what lasts goes by the monotonic one, so nobody is dropped, and nothing lost."""

import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import sleep, time

import pytest

from tests.conftest import Scale
from tests.faults.audience import Audience
from tests.faults.burst import Burst
from tests.faults.conftest import LIMITS, Report
from tests.support.api import DEMO_PASSWORD, Api
from tests.support.js_client import JsPeer
from tests.support.raw_socket import RawSocket
from tests.support.server import Server
from tests.support.wall_clock import WallClock

HOUR = 3600
PING, PONG = "2", "3"
LONG_TOKENS = {"JWT_ACCESS_MINUTES": "600"}
PINGS = {"PING_INTERVAL_SECONDS": "1"}


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    return WallClock(tmp_path)


@pytest.fixture
def server(tmp_path: Path, clock: WallClock) -> Iterator[Server]:
    with Server(tmp_path, LIMITS | LONG_TOKENS | PINGS | clock.env) as running:
        yield running


def test_a_clock_that_jumps_drops_nobody_and_loses_nothing(
    server: Server, clock: WallClock, js: JsPeer, scale: Scale, report: Report
) -> None:
    clock.move(-HOUR)  # so that it can go back behind the login and never before it: a token has a time of issue
    alice = Api.as_demo_user(server.url, "alice")
    audience = Audience(js, [server], alice, scale(8, 30))
    jumps = [0, HOUR, 0, -HOUR] * scale(1, 10)
    with Burst([alice], 40 * (len(jumps) + 1)) as burst:
        for number, ahead in enumerate(jumps, 1):
            burst.wait_until_made(40 * number)
            clock.move(ahead)
            assert abs(_time_of(alice) - time() - ahead) < HOUR / 2, "it did not move"
            audience.cut(1)
    for client in audience.clients:
        assert client.emit("join-tasks", alice.user["id"])["ok"]
    audience.wait_until_heard(burst.total)
    found = audience.audit(burst.total)
    report(
        f"{len(jumps)} jumps of the wall clock by an hour",
        found,
        f"{burst.total} events, {audience.recovered} of {audience.reconnects} reconnects recovered",
    )
    assert found.clean
    assert audience.recovered == audience.reconnects == len(jumps), "those that the test cut, and no others"


def test_a_jump_between_ping_and_pong_is_no_timeout(server: Server, clock: WallClock) -> None:
    alice = Api.as_demo_user(server.url, "alice")
    with RawSocket(server.url) as socket:
        socket.receive()
        socket.send("40" + json.dumps({"token": alice.token}))
        assert socket.receive().startswith("40")
        assert socket.receive() == PING
        clock.move(HOUR)
        socket.send('420["join-notifications",' + json.dumps(alice.user["id"]) + "]")
        assert socket.receive().startswith("430")
        socket.send(PONG)
        assert socket.receive() == PING


def test_a_connection_outlives_a_jump_past_its_tokens_expiry_and_new_requests_do_not(
    tmp_path: Path, clock: WallClock, js: JsPeer
) -> None:
    with Server(tmp_path, clock.env) as server:
        alice, later = Api.as_demo_user(server.url, "alice"), Api(server.url)
        socket = js.connect(server.url, auth={"token": alice.token})
        clock.move(HOUR)
        assert alice.get("/api/auth/me").json["error"]["code"] == "token_expired"
        later.login("alice@example.com", DEMO_PASSWORD)
        assert socket.emit("join-notifications", alice.user["id"])["ok"]
        form = {"userId": alice.user["id"], "type": "note", "title": "heard", "message": "-"}
        assert later.post("/api/notifications", form).status == 201
        socket.wait_for("new-notification")


def test_a_client_that_is_away_as_the_clock_jumps_over_the_window_is_told_to_begin_anew(
    server: Server, clock: WallClock, js: JsPeer
) -> None:
    """How long it was away can't be known: processes have no other clock in common, and one may be new."""
    alice = Api.as_demo_user(server.url, "alice")
    socket = js.connect(
        server.url,
        auth={"token": alice.token},
        reconnectionDelay=2000,
        reconnectionDelayMax=2000,
        randomizationFactor=0,
    )
    socket.drop()
    sleep(0.5)  # until it is noted as lost
    clock.move(HOUR)
    assert not socket.wait_connected(2).recovered


def _time_of(api: Api) -> float:
    """What the server takes the time to be, in seconds since 1970."""
    return parsedate_to_datetime(api.get("/health/live").headers["Date"]).timestamp()
