"""kill -9 of a server in the middle of a burst, while links are cut: every client hears each event once, in order."""

from pathlib import Path

from tests.conftest import Scale
from tests.faults.audience import Audience
from tests.faults.burst import Burst
from tests.faults.conftest import LIMITS, Report
from tests.support.api import Api
from tests.support.js_client import JsPeer
from tests.support.server import Server

EVENTS_A_KILL = 80


def test_a_server_that_is_killed_in_a_burst_loses_and_repeats_nothing(
    tmp_path: Path, js: JsPeer, scale: Scale, report: Report
) -> None:
    kills, clients = scale(3, 50), scale(8, 30)
    with Server(tmp_path, LIMITS) as server:
        alice = Api.as_demo_user(server.url, "alice")
        audience = Audience(js, [server], alice, clients)
        with Burst([alice], kills * EVENTS_A_KILL) as burst:
            for kill in range(1, kills + 1):
                burst.wait_until_made(kill * EVENTS_A_KILL - EVENTS_A_KILL // 2)
                audience.cut(2)
                server.kill9()
                server.start()
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
    report(
        f"{kills} kill -9 of the one process (SQLite)",
        found,
        f"{burst.total} events, {clients} clients, {audience.recovered} of {audience.reconnects} reconnects recovered",
    )
    assert found.clean
    assert audience.recovered == audience.reconnects
