"""kill -9 of the server in the middle of a burst, while links are cut: every client hears each event once, in order.

`make faults` kills it 50 times; `make test` three times.
"""

import os
import random
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

from tests.faults.audit import audit, commit, numbers
from tests.support.api import Api
from tests.support.js_client import JsClient, JsPeer
from tests.support.server import Server

KILLS = int(os.environ.get("KILLS", "3"))
EVENTS_A_KILL = 80
CLIENTS = 30 if KILLS > 3 else 8
LIMITS = {"REQUESTS_PER_MINUTE": "1000000", "LOGINS_PER_MINUTE": "10000"}


def test_a_server_that_is_killed_in_a_burst_loses_and_repeats_nothing(
    tmp_path: Path, js: JsPeer, report: Callable[[str], None]
) -> None:
    with Server(tmp_path, LIMITS) as server:
        alice = Api.as_demo_user(server.url, "alice")
        clients = [connect(server, alice, js) for _ in range(CLIENTS)]
        total = KILLS * EVENTS_A_KILL
        burst = Thread(target=commit_all, args=(alice, total))
        burst.start()
        for kill in range(1, KILLS + 1):
            wait_until_heard(clients[:1], kill * EVENTS_A_KILL // 2)
            for client in random.sample(clients, 2):
                client.drop()
            server.kill9()
            server.start()
        burst.join()
        wait_until_heard(clients, total)
        found = audit([numbers(client) for client in clients], range(total))
        recovered = all(c.recovered for client in clients for c in client.connections[1:])
        report(f"{KILLS} kills, {total} events, {CLIENTS} clients: {found}, every reconnect recovered: {recovered}")
        assert found.clean
        assert recovered


def commit_all(alice: Api, total: int) -> None:
    for number in range(total):
        commit(alice, number)


def connect(server: Server, alice: Api, js: JsPeer) -> JsClient:
    client = js.connect(server.url, auth={"token": alice.token}, timeout=5000)
    assert client.emit("join-notifications", alice.user["id"])["ok"]
    return client


def wait_until_heard(clients: list[JsClient], count: int, patience: float = 60.0) -> None:
    """Wait until each client has heard so many different events; what it heard instead, the audit tells."""
    deadline = monotonic() + patience
    while monotonic() < deadline and any(len(set(numbers(client))) < count for client in clients):
        sleep(0.05)
