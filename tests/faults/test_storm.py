"""Every client comes back at once, as after a power cut: all are let in, and none has to begin anew."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest

from tests.conftest import Scale
from tests.faults.audience import Audience
from tests.faults.burst import Burst
from tests.faults.conftest import LIMITS, Report
from tests.support.api import Api
from tests.support.cluster import Cluster
from tests.support.js_client import JsPeer
from tests.support.server import Server

BACK = 60.0  # seconds
# As browsers have it: the client's own defaults, which the harness otherwise shortens.
UNHURRIED = {"reconnectionDelay": 1000, "reconnectionDelayMax": 5000, "timeout": 20000}


def test_all_clients_of_a_killed_server_are_back_within_a_minute(
    tmp_path: Path, js: JsPeer, scale: Scale, report: Report
) -> None:
    with Server(tmp_path, LIMITS) as server:
        alice = Api.as_demo_user(server.url, "alice")
        audience = Audience(js, [server], alice, scale(100, 2000), **UNHURRIED)
        server.kill9()
        with Burst([alice], 20, pause=0.1) as burst:
            server.start()
            began = monotonic()
            audience.wait_until_back(BACK)
            took = monotonic() - began
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
    report(
        f"{len(audience.clients)} clients come back at once",
        found,
        f"all in after {took:.1f} s, {audience.recovered} of {audience.reconnects} reconnects recovered",
    )
    assert found.clean
    assert audience.recovered == audience.reconnects


@pytest.mark.long
def test_all_clients_of_three_killed_processes_are_back_within_a_minute(
    tmp_path: Path, js: JsPeer, report: Report
) -> None:
    """As many as two cores can play: they are shared by the processes, PostgreSQL, Redis and the clients."""
    with Cluster(tmp_path, 3, LIMITS) as cluster:
        apis = [Api.as_demo_user(server.url, "alice") for server in cluster.servers]
        audience = Audience(js, cluster.servers, apis[0], 1200, **UNHURRIED)
        for server in cluster.servers:
            server.kill9()
        with ThreadPoolExecutor() as pool:
            list(pool.map(Server.start, cluster.servers))
        began = monotonic()
        with Burst(apis, 20, pause=0.1) as burst:
            audience.wait_until_back(BACK)
            took = monotonic() - began
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
    report(
        f"{len(audience.clients)} clients of 3 processes come back at once",
        found,
        f"all in after {took:.1f} s, {audience.recovered} of {audience.reconnects} reconnects recovered",
    )
    assert found.clean
    assert audience.recovered == audience.reconnects
