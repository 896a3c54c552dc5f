"""Links that fail: half-open connections, and polls that are cut with their answer on the way."""

from pathlib import Path
from time import monotonic

from tests.conftest import Scale
from tests.faults.audience import Audience
from tests.faults.burst import Burst
from tests.faults.conftest import LIMITS, Report
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.js_client import JsPeer
from tests.support.proxy import Proxy
from tests.support.server import Server

PINGS = {"PING_INTERVAL_SECONDS": "1", "PING_TIMEOUT_SECONDS": "1"}
NOTICE = 2.0  # seconds, their sum
SLACK = 8.0  # seconds, on a busy machine


def test_a_half_open_connection_is_dropped_and_its_client_goes_on(
    tmp_path: Path, js: JsPeer, scale: Scale, report: Report
) -> None:
    with Server(tmp_path, LIMITS | PINGS) as server, Proxy(server.port) as proxy:
        alice = Api.as_demo_user(server.url, "alice")
        audience = Audience(js, [proxy], alice, scale(6, 50), timeout=1000)
        with Burst([alice], 40, pause=0.1) as burst:
            burst.wait_until_made(5)
            proxy.black_hole()
            began = monotonic()
            wait_until(lambda: proxy.held == 0, NOTICE + SLACK)
            noticed = monotonic() - began
            proxy.mode = "pass"
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
    report(
        "half-open TCP",
        found,
        f"gone after {noticed:.1f} s (pings {NOTICE:.0f} s), "
        f"{audience.recovered} of {audience.reconnects} reconnects recovered",
    )
    assert found.clean
    assert audience.recovered == audience.reconnects >= len(audience.clients)


def test_polls_that_are_cut_lose_no_answer(tmp_path: Path, js: JsPeer, scale: Scale, report: Report) -> None:
    cuts = scale(25, 600)
    with Server(tmp_path, LIMITS) as server, Proxy(server.port) as proxy:
        alice = Api.as_demo_user(server.url, "alice")
        audience = Audience(js, [proxy], alice, scale(6, 20), transports=["polling"])
        with Burst([alice], 4 * cuts) as burst:
            for cut in range(cuts):
                burst.wait_until_made(4 * cut)
                proxy.cut(2)
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
    report(
        f"{2 * cuts} polls cut",
        found,
        f"{burst.total} events, {audience.recovered} of {audience.reconnects} reconnects recovered",
    )
    assert found.clean
    assert audience.recovered == audience.reconnects > 0
