"""SQLite's disk is full, or another process holds its lock: writes are refused, all else goes on, nothing is lost.

The disk is filled by the limit on the size of files (`ulimit -f`), which needs no root: a write beyond it fails, in the
log of SQLite, in the file itself while it is brought up to date, and in the server's own log.
"""

import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.conftest import Scale
from tests.faults.audience import Audience
from tests.faults.burst import Burst
from tests.faults.conftest import LIMITS, Report
from tests.faults.watch import Watch
from tests.support.api import Api, Response
from tests.support.brokers import wait_until
from tests.support.demo import demo_user
from tests.support.js_client import JsPeer
from tests.support.server import Server
from tests.support.sqlite import damage, locked

READS = ("/health/live", "/api/notifications", "/health/live", "/api/auth/me")
FULL = 1.5  # seconds that the disk stays full: those who were cut off try to come back meanwhile
WRITE_WAIT = 5.0  # seconds in which a write is refused that can't be done
MARGIN = 2.0  # seconds more, on a busy machine
QUICK = 0.5  # seconds for 99 % of the reads
UNAVAILABLE = (503, "unavailable")


alice = demo_user("alice", of="server", scope="module")


@contextmanager
def full_disk(server: Server, most_bytes: int = 0) -> Iterator[None]:
    """No file of the server is written to beyond so many bytes."""
    unlimited = resource.RLIM_INFINITY
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most_bytes, unlimited))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("disk"), LIMITS) as server:
        yield server


def notify(api: Api) -> Response:
    form = {"userId": api.user["id"], "type": "note", "title": "0", "message": "-"}
    return api.post("/api/notifications", form)


def outcome(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["error"]["code"]


# --- the disk is full


def test_a_disk_that_is_full_in_a_burst_loses_and_repeats_nothing(
    tmp_path: Path, js: JsPeer, scale: Scale, report: Report
) -> None:
    fills, clients = scale(2, 30), scale(8, 30)
    with Server(tmp_path, LIMITS) as server:
        alice = Api.as_demo_user(server.url, "alice")
        audience = Audience(js, [server], alice, clients)
        with Watch(alice, *READS) as watch, Burst([alice], fills * 100) as burst:
            for fill in range(1, fills + 1):
                burst.wait_until_made(fill * 100 - 50)
                log = server.database_path.with_name("app.db-wal").stat().st_size
                with full_disk(server, log * (fill - 1) // fills):  # SQLite goes round in its log, and reaches that
                    burst.wait_until_refused()
                    audience.cut(2)
                    sleep(FULL)
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
    report(
        f"the disk full {fills} times (SQLite)",
        found,
        f"{burst.total} events, {burst.refused} writes refused, the slowest in {burst.slowest:.2f} s; reads p99 "
        f"{watch.p99 * 1000:.0f} ms; {audience.recovered} of {audience.reconnects} reconnects recovered",
    )
    assert found.clean
    assert damage(server.database_path) == []
    assert watch.refused == []
    assert watch.p99 < QUICK
    assert burst.slowest < WRITE_WAIT
    assert audience.recovered == audience.reconnects


def test_a_write_is_refused_as_the_contract_says_while_the_disk_is_full(server: Server, alice: Api) -> None:
    with full_disk(server):
        answer = notify(alice)
    assert outcome(answer) == UNAVAILABLE
    assert answer.headers["Retry-After"] == "1"
    assert notify(alice).status == 201


def test_a_client_that_comes_while_the_disk_is_full_is_let_go_and_comes_again(
    server: Server, alice: Api, js: JsPeer
) -> None:
    with full_disk(server):
        client = js.open(server.url, "/", auth={"token": alice.token})
        client.wait_disconnect()
        assert client.connections == []
    client.wait_connected(timeout=10)
    assert client.refusals == []


def test_a_command_that_can_not_be_stored_is_refused_while_the_disk_is_full(
    server: Server, alice: Api, js: JsPeer
) -> None:
    client = js.connect(server.url, "/", auth={"token": alice.token})
    with full_disk(server):
        ack = client.emit("join-notifications", alice.user["id"])
        assert ack["error"]["code"] == "unavailable"
    assert notify(alice).status == 201
    assert client.emit("join-user", alice.user["id"])["ok"]  # what came before its acknowledgement has arrived
    assert client.heard("new-notification") == []
    assert client.emit("join-notifications", alice.user["id"])["ok"]


def test_the_server_says_that_it_is_degraded_while_the_disk_is_full(server: Server, alice: Api) -> None:
    def readiness() -> tuple[int, str]:
        answer = alice.get("/health/ready")
        return answer.status, answer.json["parts"]["database"]["status"]

    assert readiness() == (200, "ok")
    with full_disk(server):
        wait_until(lambda: readiness() == (200, "degraded"), timeout=15)
        assert alice.get("/health/live").status == 200
    wait_until(lambda: readiness() == (200, "ok"), timeout=15)


# --- another process holds the lock


def test_a_lock_held_in_a_burst_loses_and_repeats_nothing(
    tmp_path: Path, js: JsPeer, scale: Scale, report: Report
) -> None:
    locks, clients, writers = scale(1, 5), scale(8, 30), scale(5, 20)
    refused: list[tuple[tuple[int, str], float]] = []
    with Server(tmp_path, LIMITS) as server:
        alice = Api.as_demo_user(server.url, "alice")
        audience = Audience(js, [server], alice, clients)
        with Watch(alice, *READS) as watch, Burst([alice], locks * 100) as burst:
            for lock in range(1, locks + 1):
                burst.wait_until_made(lock * 100 - 50)
                with locked(server.database_path), ThreadPoolExecutor(writers) as pool:
                    audience.cut(2)
                    refused += pool.map(timed_notify, [alice] * writers)
        audience.wait_until_heard(burst.total)
        found = audience.audit(burst.total)
    slowest = max(burst.slowest, *(seconds for _, seconds in refused))
    report(
        f"the database locked {locks} times for as long as writes wait (SQLite)",
        found,
        f"{burst.total} events, {burst.refused + len(refused)} writes refused, the slowest in {slowest:.2f} s; reads "
        f"p99 {watch.p99 * 1000:.0f} ms; {audience.recovered} of {audience.reconnects} reconnects recovered",
    )
    assert found.clean
    assert damage(server.database_path) == []
    assert watch.refused == []
    assert watch.p99 < QUICK
    assert {outcome for outcome, _ in refused} == {UNAVAILABLE}
    assert slowest < WRITE_WAIT + MARGIN
    assert audience.recovered == audience.reconnects


def timed_notify(api: Api) -> tuple[tuple[int, str], float]:
    began = monotonic()
    return outcome(notify(api)), monotonic() - began
