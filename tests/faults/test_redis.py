"""Faults of Redis in the middle of a burst: no request waits, no event is lost, and events soon take that way again."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import redis

from tests.conftest import Scale
from tests.faults.audience import Audience
from tests.faults.burst import Burst
from tests.faults.conftest import Report
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.cluster import Cluster
from tests.support.js_client import JsPeer
from tests.support.proxy import Proxy
from tests.support.server import Server

CLIENTS = 6
PAUSE = 0.02  # seconds between two events
BEFORE = 20  # events made before the fault
ANSWERED_IN = 1.0  # seconds, at the 99th percentile
BACK_IN = 10.0  # seconds after the fault


@pytest.fixture
def client(cluster: Cluster) -> Iterator[Any]:
    with redis.Redis.from_url(cluster.redis.url) as client:
        yield client


Endure = Callable[[str, Callable[[], None], Sequence[Server]], None]
"""Runs a fault, named for the table, in the middle of a burst that these processes make, and checks what came of it."""


@pytest.fixture
def endure(apis: list[Api], js: JsPeer, report: Report) -> Endure:
    def endure(name: str, fault: Callable[[], None], servers: Sequence[Server]) -> None:
        audience = Audience(js, servers, apis[0], CLIENTS)
        with Burst([apis[0].at(server.url) for server in servers], pause=PAUSE) as burst:
            burst.wait_until_made(BEFORE)
            fault()
            back = seconds_until_redis_carries_again(servers)
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
        figures = f"{burst.total} events, p99 {burst.p99 * 1000:.0f} ms, slowest {burst.slowest * 1000:.0f} ms"
        report(name, found, f"{figures}, Redis carries events again after {back:.1f} s")
        assert found.clean
        assert burst.p99 < ANSWERED_IN
        assert (burst.refused, burst.unanswered, audience.reconnects) == (0, 0, 0)

    return endure


def seconds_until_redis_carries_again(servers: Sequence[Server]) -> float:
    """How long it takes until events come to each process by way of Redis.

    ``/ws/health`` publishes probes without a number, which reach a process in no other way. One that gets lost is
    waited for for two seconds, so that is how exact this is.
    """
    began = monotonic()
    for server in servers:
        wait_until(partial(redis_carries, server), BACK_IN)
    return monotonic() - began


def redis_carries(server: Server) -> bool:
    return Api(server.url).get("/ws/health").status == 200


def readiness_of(server: Server) -> tuple[int, str, str]:
    """The HTTP status, what it says of the process, and what it says of Redis."""
    ready = Api(server.url).get("/health/ready")
    return ready.status, ready.json["status"], ready.json["parts"]["redis"]["status"]


def let_last(seconds: float, found_by: Sequence[Server]) -> None:
    """Let a fault last for so long; meanwhile each of these processes says that it finds Redis away."""
    end = monotonic() + seconds
    for server in found_by:
        assert readiness_of(server) == (200, "degraded", "degraded")
    sleep(max(0.0, end - monotonic()))


def test_nothing_is_lost_while_redis_is_killed(cluster: Cluster, endure: Endure) -> None:
    def fault() -> None:
        cluster.redis.kill9()
        try:
            let_last(2, cluster.servers)
        finally:
            cluster.redis.start()

    endure("Redis killed for 2 s", fault, cluster.servers)


@pytest.mark.long
def test_nothing_is_lost_while_redis_is_frozen(cluster: Cluster, endure: Endure) -> None:
    def fault() -> None:
        cluster.redis.freeze()
        try:
            let_last(5, cluster.servers[:1])
        finally:
            cluster.redis.thaw()

    endure("Redis frozen for 5 s", fault, cluster.servers)


def test_nothing_is_lost_while_the_connections_to_redis_are_killed(
    cluster: Cluster, client: Any, scale: Scale, endure: Endure
) -> None:
    times = scale(10, 50)

    def fault() -> None:
        killed = 0  # some of the times there is none: they come back when there is something to send, or after a second
        for _ in range(times):
            killed += client.client_kill_filter(_type="normal", skipme=True)
            sleep(0.1)
        assert killed >= len(cluster.servers)

    endure(f"connections to Redis killed, {times} times in {times * 0.1:.0f} s", fault, cluster.servers)


def test_nothing_is_lost_while_redis_is_a_black_hole_for_one_process(
    cluster: Cluster, scale: Scale, endure: Endure
) -> None:
    seconds = scale(3, 5)
    with (
        Proxy(cluster.redis.port) as link,
        cluster.process("behind-a-link", {"REDIS_URL": f"redis://127.0.0.1:{link.port}/0"}) as server,
    ):

        def fault() -> None:
            link.black_hole()
            let_last(seconds, [server])
            link.mode = "pass"

        endure(f"Redis a black hole for one process for {seconds} s", fault, [server, *cluster.servers[:1]])


def test_nothing_is_lost_when_redis_is_flushed(cluster: Cluster, client: Any, endure: Endure) -> None:
    def fault() -> None:
        for _ in range(3):
            assert client.dbsize()
            client.flushall()
            sleep(0.3)

    endure("Redis flushed, 3 times", fault, cluster.servers)


def test_nothing_is_lost_when_redis_is_restored_from_an_old_copy(
    cluster: Cluster, tmp_path: Path, endure: Endure
) -> None:
    def fault() -> None:
        cluster.redis.copy_data(tmp_path / "copy")
        sleep(1)
        cluster.redis.restore(tmp_path / "copy")

    endure("Redis restored from a copy of 1 s before", fault, cluster.servers)


def test_readiness_tells_of_a_redis_that_is_full_and_nothing_is_lost(
    cluster: Cluster, client: Any, endure: Endure
) -> None:
    def fault() -> None:
        client.config_set("maxmemory", 1)
        try:
            let_last(1, cluster.servers)
        finally:
            client.config_set("maxmemory", 0)
        assert [readiness_of(server) for server in cluster.servers] == [(200, "ok", "ok")] * len(cluster.servers)

    endure("Redis full for 1 s", fault, cluster.servers)
