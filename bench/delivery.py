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

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from bench.commits import moments
from bench.report import Bar
from bench.rounds import Step, Value
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


@contextmanager
def steps(size: Size | None = None) -> Iterator[list[Step]]:
    """What is measured, of the systems in turn."""
    with TemporaryDirectory(prefix="bench-") as folder, systems(Path(folder)) as running:
        yield _steps(running, size or Size())


def _steps(running: Systems, size: Size) -> list[Step]:
    def step(name: str, system: System, measure: Callable[..., Iterator[Value]], *bars: Bar) -> Step:
        return Step(name, system.name, partial(measure, system, size, *bars))

    return [
        step("commit → heard", running.sqlite, _commit_to_heard, Bar(5), Bar(20)),
        step("commit → heard", running.postgresql, _commit_to_heard, Bar(5), Bar(20)),
        step("commit → heard", running.cluster, _commit_to_heard, Bar(10), Bar(40)),
        step("replay", running.sqlite, _replay),
        step("replay", running.cluster, _replay),
        step("through the relay", running.cluster, _relayed),
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
    yield Value("commit → heard, p50", cuts[49], "ms", (half,))
    yield Value("commit → heard, p99", cuts[98], "ms", (most,))


def _relayed(system: System, size: Size) -> Iterator[Value]:
    with JsPeer() as js:
        client = system.listener(js)
        client.keep()
        committed = system.commit(size.relayed)
        heard = _all_of(client, size.relayed)
    rate = size.relayed / (heard[-1] - committed)
    yield Value("durable events through the relay", rate, "a second", (Bar(2_000, at_least=True),))


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
    yield Value(f"replay of {size.missed} missed events", median(took) * 1000, "ms", (Bar(50),))


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
