"""How soon, how many, how late: events on their way from COMMIT to the handler of an unmodified JavaScript client.

- **commit → heard**: a request makes one notification, every 50 ms. From the moment at which COMMIT returned in the
  server's process to that at which the client's handler ran. In the cluster the client is at another process.
- **through the relay**: a worker commits 10,000 events in one transaction; the relays find them within a second, number
  them and hand them to Redis, and a client hears them. The events by the time from COMMIT in the worker to the
  handler's run for the last: the wait until a relay looks counts against them.
- **replay**: clients lose their links, 500 notifications are made, and the clients come back, one after the other. From
  the moment at which the client sent CONNECT to that at which its handler ran for the last of the 500; the median of
  five clients.

Moments are taken in the process where something happens, and all from one clock (:mod:`bench.commits`). What was heard
is held against what was made: each event once, in order, or there is no figure.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rich.progress import Progress

from bench.commits import moments
from bench.report import Bar, Figure
from bench.systems import System, Systems, systems
from tests.support.js_client import JsClient, JsPeer, Kept

PATIENCE = 60.0  # seconds until all must have been heard


@dataclass(frozen=True)
class Size:
    """How much there is of everything in a round."""

    warm_up: int = 20  # events before those that are timed
    timed: int = 200
    every: float = 0.05  # seconds
    relayed: int = 10_000
    missed: int = 500
    away: int = 5  # clients


class Value(NamedTuple):
    """One figure of one round, in the unit of its bar."""

    name: str
    value: float
    bar: Bar


class Step(NamedTuple):
    """What is measured in one go, in each round."""

    name: str
    system: System
    measure: Callable[[System], Iterator[Value]]


def measure(rounds: int, progress: Progress, size: Size | None = None) -> list[Figure]:
    """Take every figure, the systems in turn, as often as there are rounds.

    :raises AssertionError: an event was lost, repeated or out of order, or is not heard within a minute
    """
    found: defaultdict[tuple[str, str, Bar], list[float]] = defaultdict(list)
    task = progress.add_task("starting the systems", total=None)
    with TemporaryDirectory(prefix="bench-") as folder, systems(Path(folder)) as running:
        steps = _steps(running, size or Size())
        progress.update(task, total=rounds * len(steps))
        for number in range(1, rounds + 1):
            for step in steps:
                progress.update(task, description=f"round {number} of {rounds}: {step.name}, {step.system.name}")
                for name, value, bar in step.measure(step.system):
                    found[name, step.system.name, bar].append(value)
                progress.advance(task)
    return [Figure(*what, values) for what, values in found.items()]


def _steps(running: Systems, size: Size) -> list[Step]:
    in_one = partial(_commit_to_heard, size=size, half=Bar(5, "ms"), most=Bar(20, "ms"))
    in_cluster = partial(_commit_to_heard, size=size, half=Bar(10, "ms"), most=Bar(40, "ms"))
    replay = partial(_replay, size=size)
    return [
        Step("commit → heard", running.sqlite, in_one),
        Step("commit → heard", running.postgresql, in_one),
        Step("commit → heard", running.cluster, in_cluster),
        Step("replay", running.sqlite, replay),
        Step("replay", running.cluster, replay),
        Step("through the relay", running.cluster, partial(_relayed, size=size)),
    ]


def _commit_to_heard(system: System, size: Size, half: Bar, most: Bar) -> Iterator[Value]:
    total = size.warm_up + size.timed
    before = len(moments(system.commits_at.log()))
    with JsPeer() as js:
        client = system.listener(js)
        client.keep()
        system.request(total, size.every)
        heard = _all_of(client, total)
    committed = moments(system.commits_at.log())[before:]
    delays = [(at - since) * 1000 for at, since in zip(heard, committed, strict=True)][size.warm_up :]
    cuts = quantiles(delays, n=100, method="inclusive")
    yield Value("commit → heard, p50", cuts[49], half)
    yield Value("commit → heard, p99", cuts[98], most)


def _relayed(system: System, size: Size) -> Iterator[Value]:
    with JsPeer() as js:
        client = system.listener(js)
        client.keep()
        committed = system.commit(size.relayed)
        heard = _all_of(client, size.relayed)
    rate = size.relayed / (heard[-1] - committed)
    yield Value("durable events through the relay", rate, Bar(2_000, "a second", at_least=True))


def _replay(system: System, size: Size) -> Iterator[Value]:
    with JsPeer() as js:
        witness = system.listener(js)
        away = [system.listener(js) for _ in range(size.away)]
        for client in away:
            client.drop()
            client.wait_disconnect()
        witness.keep()
        system.request(size.missed)
        _all_of(witness, size.missed)
        took = [_comes_back(client, size.missed) for client in away]
    yield Value(f"replay of {size.missed} missed events", median(took) * 1000, Bar(50, "ms"))


def _comes_back(client: JsClient, missed: int) -> float:
    client.keep()
    client.reopen()
    heard = _all_of(client, missed)
    assert client.connection.recovered
    return heard[-1] - client.connection.asked


def _all_of(client: JsClient, total: int) -> list[float]:
    """When the client heard the notifications 0, 1, 2 …: each once, in order."""
    heard: list[Kept] = client.kept(total, PATIENCE)
    assert [event.args[0]["title"] for event in heard] == [str(number) for number in range(total)]
    return [event.at for event in heard]
