"""Faults of PostgreSQL in the middle of a burst: requests are refused in time, nothing is lost, nothing is made up."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from time import monotonic, sleep

import psycopg2
import pytest

from tests.conftest import Scale
from tests.faults.audience import Audience, notes, numbers
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
BEFORE = 20  # events made before the fault, and after it
ANSWERED_IN = 6.0  # seconds: five, and one for a busy machine
HEALED_IN = 10.0  # seconds after the fault
CONNECTIONS = 20  # of one process to the database, at the most
BEYOND = 5  # requests more than that
LIVE_IN = 1.0  # seconds
OFFLINE_IN = 60.0  # seconds after a process's last sign of life
SWEPT_IN = 150.0  # seconds: after 60 it is taken for dead, and each process sweeps every 60

Fault = Callable[[Audience], None]
Endure = Callable[[str, Fault], None]
"""Runs a fault, named for the table, in the middle of a burst, and checks what came of it."""


@pytest.fixture
def endure(cluster: Cluster, apis: list[Api], js: JsPeer, report: Report) -> Endure:
    def endure(name: str, fault: Fault) -> None:
        audience = Audience(js, cluster.servers, apis[0], CLIENTS)
        with Burst(apis, pause=PAUSE) as burst:
            burst.wait_until_made(BEFORE)
            fault(audience)
            healed = seconds_until_ready(cluster.servers)
            burst.wait_until_made(burst.made + BEFORE)
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
        figures = f"{burst.total} events, {burst.refused} requests refused, slowest answer {burst.slowest:.1f} s"
        links = f"{audience.recovered} of {audience.reconnects} reconnects recovered"
        report(name, found, f"{figures}, ready {healed:.1f} s after it, {links}")
        assert found.clean
        assert heard(audience) <= committed(cluster)
        assert burst.slowest < ANSWERED_IN
        assert burst.unanswered == 0
        assert audience.recovered == audience.reconnects

    return endure


def seconds_until_ready(servers: Sequence[Server]) -> float:
    began = monotonic()
    for server in servers:
        wait_until(partial(is_ready, server), HEALED_IN)
    return monotonic() - began


def is_ready(server: Server) -> bool:
    return Api(server.url).get("/health/ready").status == 200


def heard(audience: Audience) -> set[str]:
    """The ids of the notifications that somebody heard of."""
    return {note.args[0]["id"] for client in audience.clients for note in notes(client)}


def committed(cluster: Cluster) -> set[str]:
    """The ids of the notifications that there are."""
    with query(cluster, "SELECT id FROM notifications") as rows:
        return {id for (id,) in rows}


@contextmanager
def query(cluster: Cluster, statement: str, *values: str) -> Iterator[list[tuple[str, ...]]]:
    """The rows that a statement finds, in a transaction that lasts as long as the block."""
    connection = psycopg2.connect(cluster.database)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            yield cursor.fetchall()
    finally:
        connection.close()


def test_a_restart_of_postgresql_is_answered_with_503_and_loses_nothing(cluster: Cluster, endure: Endure) -> None:
    def fault(audience: Audience) -> None:
        cluster.postgresql.stop()
        try:
            audience.cut(2)
            sleep(2)
        finally:
            cluster.postgresql.start()

    endure("PostgreSQL stopped for 2 s, 2 links cut meanwhile", fault)


def test_a_kill_of_postgresql_is_answered_with_503_and_loses_nothing(
    cluster: Cluster, scale: Scale, endure: Endure
) -> None:
    kills = scale(1, 10)

    def fault(audience: Audience) -> None:
        for _ in range(kills):
            cluster.postgresql.kill9()
            audience.cut(1)
            cluster.postgresql.start()
            sleep(1)

    endure(f"{kills} kill -9 of PostgreSQL, a link cut at each", fault)


@pytest.mark.long
def test_a_frozen_postgresql_is_answered_with_503_and_loses_nothing(cluster: Cluster, endure: Endure) -> None:
    def fault(audience: Audience) -> None:
        cluster.postgresql.freeze()
        try:
            audience.cut(2)
            sleep(8)
        finally:
            cluster.postgresql.thaw()

    endure("PostgreSQL frozen for 8 s, 2 links cut meanwhile", fault)


def test_a_process_whose_connections_are_all_busy_refuses_what_it_can_not_serve_and_publishes_nothing_of_it(
    cluster: Cluster, apis: list[Api], js: JsPeer, report: Report
) -> None:
    busy, *others = apis
    bob = Api.as_demo_user(busy.url, "bob")
    audience, his = Audience(js, cluster.servers, busy, CLIENTS), Audience(js, cluster.servers[:1], bob, 1)
    with Burst(others, pause=PAUSE) as burst, ThreadPoolExecutor(CONNECTIONS + BEYOND) as pool:
        with query(cluster, "SELECT id FROM users WHERE id = %s FOR UPDATE", bob.user["id"]):  # his writes wait for it
            requests = [pool.submit(notify, bob, number) for number in range(CONNECTIONS + BEYOND)]
            wait_until(lambda: sum(request.done() for request in requests) >= BEYOND, 2 * ANSWERED_IN)
            began = monotonic()
            assert bob.get("/health/live").status == 200
            live_in = monotonic() - began
        answers = [request.result() for request in requests]
        healed = seconds_until_ready(cluster.servers)
    assert notify(bob, len(requests))[0] == 201
    made = {number for number, (status, _) in enumerate(answers) if status == 201} | {len(requests)}
    refused = [seconds for status, seconds in answers if status == 503]
    his.wait_until_heard(len(made))
    audience.wait_until_heard(burst.total)
    found = audience.audit(burst.total)
    report(
        f"{len(requests)} requests at once to a process with {CONNECTIONS} connections, all of which wait for a lock",
        found,
        f"{len(refused)} refused in {max(refused):.1f} s, /health/live in {live_in * 1000:.0f} ms, "
        f"ready {healed:.1f} s after it; {burst.total} events by the others, slowest answer {burst.slowest:.1f} s",
    )
    assert found.clean
    assert sorted(numbers(his.clients[0])) == sorted(made)
    assert len(refused) + len(made) == len(requests) + 1
    assert max(refused) < ANSWERED_IN
    assert live_in < LIVE_IN
    assert (burst.refused, burst.unanswered, audience.reconnects) == (0, 0, 0)


@pytest.mark.long
def test_users_of_a_process_that_was_cut_off_for_minutes_are_there_again_and_go_on(
    cluster: Cluster, apis: list[Api], js: JsPeer, report: Report
) -> None:
    bob = Api.as_demo_user(apis[0].url, "bob")
    port = cluster.postgresql.port
    with Proxy(port) as link:
        through = cluster.database.replace(f":{port}/", f":{link.port}/")
        short = {"RECOVERY_SECONDS": "10"}
        with cluster.process("sweeper", short), cluster.process("cut-off", short | {"DATABASE_URL": through}) as server:
            audience = Audience(js, [server], bob, CLIENTS)
            began = monotonic()
            link.black_hole()
            wait_until(lambda: status_of(bob) == "offline", OFFLINE_IN)
            with Burst([bob], BEFORE, pause=PAUSE) as burst:
                burst.wait_until_made(BEFORE)
            audience.wait_until_heard(burst.total)  # by way of Redis
            wait_until(lambda: sessions_of(cluster, bob) == 0, SWEPT_IN)
            silent = monotonic() - began
            link.mode = "pass"
            wait_until(lambda: status_of(bob) == "online", HEALED_IN)
            back = monotonic() - began - silent
            assert (sessions_of(cluster, bob), audience.reconnects) == (CLIENTS, 0)
            audience.cut(CLIENTS)
            audience.wait_until_back()
            found = audience.audit(burst.total)
    report(
        f"a process without a way to PostgreSQL for {silent:.0f} s, its sessions swept",
        found,
        f"its user online {back:.1f} s after it; then links cut, {audience.recovered} of {audience.reconnects} "
        "reconnects recovered",
    )
    assert found.clean
    assert audience.recovered == audience.reconnects == CLIENTS


def status_of(user: Api) -> str:
    """Their own presence."""
    return str(user.get(f"/api/presence?userIds={user.user['id']}").json["items"][0]["status"])


def sessions_of(cluster: Cluster, user: Api) -> int:
    with query(cluster, "SELECT pid FROM socket_sessions WHERE owner = %s", user.user["id"]) as rows:
        return len(rows)


def notify(api: Api, number: int) -> tuple[int, float]:
    """Notify oneself; returns the status and the seconds."""
    began = monotonic()
    form = {"userId": api.user["id"], "type": "note", "title": str(number), "message": "-"}
    return api.post("/api/notifications", form).status, monotonic() - began
