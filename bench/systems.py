"""The systems that are measured: all run at once, and are idle but for the one whose turn it is."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.commits import moments
from tests.support.api import Api
from tests.support.cluster import Cluster
from tests.support.js_client import JsClient, JsPeer
from tests.support.server import ROOT, Server

SERVING = (sys.executable, "-m", "bench.serving")
LIMITS = {  # what is measured are events
    "REQUESTS_PER_MINUTE": "1000000",
    "LOGINS_PER_MINUTE": "1000",
    "CONNECTIONS_PER_USER": "100000",
    "CONNECTIONS_PER_ADDRESS": "100000",
}
PROCESSES = 2  # of the cluster
MESSAGE = "The quick brown fox jumps over the lazy dog. " * 3  # a payload has 333 bytes with it
WORKER_SECONDS = 120.0


class System:
    """Server processes that act as one, and alice, whose notifications 0, 1, 2 … are what is made and heard.

    Attributes:
        name: as the table has it.
        commits_at: the process that gets the requests.
        heard_at: the process that clients are connected to: another one, if there is one.
    """

    def __init__(self, name: str, servers: Sequence[Server], env: Mapping[str, str]) -> None:
        """
        :param env: the settings of each process
        """
        self.name = name
        self.commits_at = servers[0]
        self.heard_at = servers[-1]
        self._env = env
        self._alice = Api.as_demo_user(self.commits_at.url, "alice")

    def listener(self, js: JsPeer) -> JsClient:
        """A client that hears her notifications, and comes back only when it is told to."""
        client = js.connect(self.heard_at.url, auth={"token": self._alice.token}, reconnection=False)
        assert client.emit("join-notifications", self._alice.user["id"])["ok"]
        return client

    def request(self, total: int, every: float = 0.0) -> None:
        """Make notifications by a request each, one every so many seconds or, if that is too often, one by one."""
        form = {"userId": self._alice.user["id"], "type": "note", "message": MESSAGE}
        began = time.monotonic()
        for number in range(total):
            time.sleep(max(0.0, began + number * every - time.monotonic()))
            answer = self._alice.post("/api/notifications", form | {"title": str(number)})
            assert answer.status == 201, (answer.status, answer.body)

    def commit(self, total: int) -> float:
        """Have a worker commit the events of notifications in one transaction; returns when COMMIT returned."""
        worker = subprocess.run(
            [sys.executable, "-m", "bench.committing", self._alice.user["id"], MESSAGE, str(total)],
            cwd=ROOT,
            env={"PATH": ""} | dict(self._env),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=WORKER_SECONDS,
        )
        (committed,) = moments(worker.stdout)
        return committed


class Systems(NamedTuple):
    """One process with either database; and several, with PostgreSQL and Redis."""

    sqlite: System
    postgresql: System
    cluster: System


@contextmanager
def systems(folder: Path) -> Iterator[Systems]:
    """Start them, with databases of their own, and stop them at the end."""
    with ExitStack() as running:

        def one_process(name: str, database: str) -> System:
            place = folder / name
            place.mkdir()
            env = LIMITS | {"DATABASE_URL": database}
            return System(name, [running.enter_context(Server(place, env, SERVING))], env)

        many = running.enter_context(Cluster(folder, PROCESSES, LIMITS, SERVING))
        yield Systems(
            one_process("one process, SQLite", f"sqlite:///{folder / 'app.db'}"),
            one_process("one process, PostgreSQL", running.enter_context(many.postgresql.database())),
            System(f"{PROCESSES} processes, PostgreSQL and Redis", many.servers, many.env),
        )
