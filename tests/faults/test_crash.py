"""kill -9 in the middle of a burst, while links are cut: every client hears each event once, in order."""

import random
from pathlib import Path
from time import monotonic

from tests.conftest import Scale
from tests.faults.audience import Audience
from tests.faults.burst import Burst
from tests.faults.conftest import LIMITS, Report
from tests.support.api import Api
from tests.support.cluster import Cluster
from tests.support.js_client import JsPeer
from tests.support.server import Server
from tests.support.sqlite import damage

EVENTS_A_KILL = 80
RECOVERED_IN = 5.0  # seconds after what was killed serves again; how long its start takes is the machine's affair


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
    assert damage(server.database_path) == []
    assert audience.recovered == audience.reconnects


def test_a_cluster_whose_processes_and_redis_are_killed_in_a_burst_loses_and_repeats_nothing(
    cluster: Cluster, apis: list[Api], js: JsPeer, scale: Scale, report: Report
) -> None:
    kills, redis_kills, clients = scale(2, 50), scale(1, 3), scale(8, 30)
    victims = [cluster.servers[kill % len(cluster.servers)] for kill in range(kills)] + [cluster.redis] * redis_kills
    random.shuffle(victims)
    since_kill, since_start = [], []
    audience = Audience(js, cluster.servers, apis[0], clients)
    with Burst(apis) as burst:
        for victim in victims:
            burst.wait_until_made(burst.made + EVENTS_A_KILL)
            audience.cut(2)
            killed = monotonic()
            victim.kill9()
            after_it = burst.made + 1  # the one before may be under way
            victim.start()
            started = monotonic()
            audience.wait_until_at(after_it)
            since_kill.append(monotonic() - killed)
            since_start.append(monotonic() - started)
    audience.wait_until_heard(burst.total)
    found = audience.audit(burst.total)
    report(
        f"{kills} kill -9 of one of {len(cluster.servers)} processes, {redis_kills} of Redis",
        found,
        f"{burst.total} events, {clients} clients, {audience.recovered} of {audience.reconnects} reconnects recovered, "
        f"in {max(since_kill):.1f} s at the most, {max(since_start):.1f} s after the restart",
    )
    assert found.clean
    assert audience.recovered == audience.reconnects
    assert max(since_start) < RECOVERED_IN
