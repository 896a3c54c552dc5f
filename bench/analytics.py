"""How long it takes to compute metrics among 100,000 tasks, from the request to its answer.

- **recalculation**: `POST /api/analytics/efficiency/recalculate` of a user with 400 tasks of their own, and of one with
  5,000.
- **change of a task**: the user with 5,000 completes a task and reopens it, in turn; each computes all three metrics.
- **team**: the metric of a team and of each member, by its manager, over 30 days; and its history over a year, by day.

**CPU** is the processor time of the server's process alone, which other load on the machine blurs little.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from bench.report import Bar
from bench.rounds import Step, Value
from bench.systems import LIMITS
from bench.target import Target
from tests.support.api import Api, Response
from tests.support.server import ROOT, Server
from tests.support.services import PostgreSQL

Ask = Callable[[], Response]
SOON = Bar(50)


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    tasks: int = 100_000
    few: int = 400  # of them are alice's
    many: int = 5_000  # and bob's
    warm_up: int = 3  # requests before those that are timed
    timed: int = 50  # a round
    teams: int = 10  # requests for a whole team


@dataclass(frozen=True)
class Timing:
    """How requests to a process are timed, and what the figures are called."""

    name: str
    process: Target
    warm_up: int
    times: int
    bars: tuple[Bar, ...]

    def of(self, ask: Ask) -> Iterable[Value]:
        for _ in range(self.warm_up):
            _seconds(ask)
        before = self.process.cpu()
        took = [_seconds(ask) for _ in range(self.times)]
        cpu = (self.process.cpu() - before) / self.times
        cuts = quantiles(took, n=100, method="inclusive")
        yield Value(f"{self.name}, p50", cuts[49] * 1000, "ms")
        yield Value(f"{self.name}, p95", cuts[94] * 1000, "ms", self.bars)
        yield Value(f"{self.name}, CPU", cpu * 1000, "ms")


@contextmanager
def steps(size: Size | None = None) -> Iterator[list[Step]]:
    """What is measured, with either database."""
    size = size or Size()
    with TemporaryDirectory(prefix="bench-") as folder, PostgreSQL() as postgresql, postgresql.database() as database:
        sqlite = f"sqlite:///{folder}/app.db"
        with (
            _filled(Path(folder) / "sqlite", sqlite, size) as one,
            _filled(Path(folder) / "pg", database, size) as other,
        ):
            yield [*_steps("SQLite", one, size), *_steps("PostgreSQL", other, size)]


@contextmanager
def _filled(folder: Path, database: str, size: Size) -> Iterator[Server]:
    folder.mkdir()
    env = LIMITS | {"DATABASE_URL": database}
    with Server(folder, env) as server:
        own = [f"{Api.as_demo_user(server.url, name).user['id']}={count}" for name, count in _own(size).items()]
        server.stop()  # SQLite has one writer
        command = [sys.executable, "-m", "bench.filling", str(size.tasks), *own]
        subprocess.run(command, cwd=ROOT, env={"PATH": "", "INSTANCE_PATH": str(folder)} | env, check=True)
        server.start()
        yield server


def _own(size: Size) -> dict[str, int]:
    return {"alice": size.few, "bob": size.many}


def _steps(system: str, server: Server, size: Size) -> Iterator[Step]:
    alice, bob, manager = (Api.as_demo_user(server.url, name) for name in ("alice", "bob", "manager"))
    team_id = manager.user["teams"][0]["id"]
    end = datetime.now(UTC)
    year = f"from={end - timedelta(days=366):%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"
    path = "/api/analytics/efficiency"
    process = Target(system, server.port, server.pid)
    asks: list[tuple[str, int, Ask, tuple[Bar, ...]]] = [
        (f"recalculation, {size.few:,} own tasks", size.timed, partial(alice.post, f"{path}/recalculate"), (SOON,)),
        (f"recalculation, {size.many:,} own tasks", size.timed, partial(bob.post, f"{path}/recalculate"), (SOON,)),
        (f"change of a task, {size.many:,} own tasks", size.timed, _changes(bob), (SOON,)),
        ("metric of a team", size.teams, partial(manager.get, f"{path}?teamId={team_id}"), ()),
        ("history of a team, a year", size.teams, partial(manager.get, f"{path}/history?teamId={team_id}&{year}"), ()),
    ]
    for name, times, ask, bars in asks:
        timing = Timing(name, process, size.warm_up, times, bars)
        yield Step(name, system, partial(timing.of, ask))


def _changes(user: Api) -> Ask:
    made = user.post("/api/tasks", {"title": "Write the report", "assigneeId": user.user["id"], "estimateHours": 4})
    status = cycle(["done", "in_progress"])
    return lambda: user.patch(f"/api/tasks/{made.json['id']}/status", {"status": next(status)})


def _seconds(ask: Ask) -> float:
    began = time.perf_counter()
    answer = ask()
    took = time.perf_counter() - began
    assert answer.status == 200, (answer.status, answer.body)
    return took
