"""A new version, one process after the other: every client goes on, and no request fails."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import sleep

from tests.conftest import Scale
from tests.faults.audience import Address, Audience
from tests.faults.burst import Burst
from tests.faults.conftest import LIMITS, Report
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.cluster import Cluster
from tests.support.js_client import JsPeer
from tests.support.nginx import Nginx, installed
from tests.support.server import GUNICORN, START_SECONDS, Server

NOTICED = 2.0  # seconds; nginx asks a process that was away again after one (fail_timeout in deploy/processes.conf)
BEHIND_NGINX = {"TRUSTED_PROXIES": "1", "DRAIN_SECONDS": "2"}


def test_a_rolling_restart_loses_no_event_and_no_request(
    tmp_path: Path, js: JsPeer, scale: Scale, report: Report
) -> None:
    processes, clients, events = scale(2, 3), scale(6, 60), scale(150, 1500)
    with Cluster(tmp_path, processes, LIMITS | BEHIND_NGINX, GUNICORN) as cluster, ExitStack() as running:
        program = installed()
        fronts: list[Address] = list(cluster.servers)
        if program is not None:
            fronts = [running.enter_context(Nginx(program, cluster.servers))]
        apis = [Api.as_demo_user(front.url, "alice") for front in fronts]
        audiences = [
            Audience(js, fronts, apis[0], clients, transports=[transport], extraHeaders={"User-Agent": transport})
            for transport in ("websocket", "polling")
        ]
        with Burst(apis, events, pause=0.05) as burst:
            for number, server in enumerate(cluster.servers, 1):
                burst.wait_until_made(events * number // (processes + 1))
                if program is None:
                    for audience in audiences:
                        audience.redirect(cluster.servers[number % processes])
                assert server.stop() == 0
                server.start()
                wait_until(_ready(server), START_SECONDS)
                sleep(NOTICED)
        for audience in audiences:
            audience.wait_until_heard(burst.total)
        found = audiences[0].audit(burst.total) + audiences[1].audit(burst.total)
    recovered = sum(audience.recovered for audience in audiences)
    reconnects = sum(audience.reconnects for audience in audiences)
    report(
        f"rolling restart of {processes} processes {'behind nginx' if program else '(no nginx here)'}",
        found,
        f"{clients} clients over websocket and over polling, {recovered} of {reconnects} reconnects recovered; "
        f"of {len(burst.answers)} requests {burst.refused} got 503, {burst.unanswered} no answer",
    )
    assert found.clean
    assert recovered == reconnects > 0
    assert (burst.refused, burst.unanswered) == (0, 0)


def _ready(server: Server) -> Callable[[], bool]:
    return lambda: Api(server.url).get("/health/ready").status == 200
