"""What is looked up when somebody asks for the metrics: how much there is of what comes and goes."""

from collections import Counter
from collections.abc import Iterator

from flask import Flask
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from app.engine.progress import backlog
from app.events.models import events
from app.extensions import db, socketio
from app.push.retries import Result
from app.push.worker import PushWorker


class StateCollector(Collector):
    """The state of this process's engine, and of what it needs.

    Args:
        app: the application, whose database is asked.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def collect(self) -> Iterator[Metric]:
        yield _gauge("connections", "Connections of clients, by transport", transports(), "transport")
        yield _gauge("sockets", "Sockets, by namespace", sockets(), "namespace")
        yield _gauge("rooms", "Rooms with a socket of this process in them", {"": rooms()})
        yield from self._backlog()
        yield from self._pushes()
        faults = CounterMetricFamily(
            "realtime_broker_faults",
            "What went wrong between this process and Redis, by kind: lost, forged, repeated, refused, reconnected",
            labels=["kind"],
        )
        for kind in ("lost", "forged", "repeated", "refused", "reconnected"):
            faults.add_metric([kind], socketio.broker.counts[kind])
        yield faults

    def _pushes(self) -> Iterator[Metric]:
        worker: PushWorker | None = self._app.extensions.get("push_worker")
        if worker is not None:
            family = CounterMetricFamily("realtime_pushes", "Web pushes and failed tries, by result", labels=["result"])
            for result in Result:
                family.add_metric([result], worker.counts[result])
            yield family

    def _backlog(self) -> Iterator[Metric]:
        try:
            with self._app.app_context():
                found = backlog(db.session.connection(), events)
        except (SQLAlchemyError, TimeoutError):
            yield _gauge("database_up", "Whether the database could be asked for the backlog", {"": 0})
            return
        yield _gauge("database_up", "Whether the database could be asked for the backlog", {"": 1})
        yield _gauge("outbox_backlog", "Committed events that have no number yet, of all processes", {"": found.events})
        yield _gauge("outbox_oldest_seconds", "For how long the first of them has waited", {"": found.seconds})


def transports() -> Counter[str]:
    """How many connections this process has over each transport."""
    connections = list(socketio.server.eio.sockets.values())
    polling = sum(connection.polls for connection in connections)
    return Counter(websocket=len(connections) - polling, polling=polling, stream=len(socketio.hub.streams()))


def sockets() -> Counter[str]:
    """How many sockets this process has in each namespace."""
    return Counter({namespace: len(rooms[None]) for namespace, rooms in socketio.hub.rooms.items()})


def rooms() -> int:
    """How many rooms that clients can hear have a socket of this process in them; each namespace counts its own."""
    names = (name for rooms in socketio.hub.rooms.values() for name in rooms)
    return sum(name is not None and not name.startswith("@") for name in names)


def _gauge(name: str, help: str, values: dict[str, float] | Counter[str], *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"realtime_{name}", help, labels=labels)
    for label, value in values.items():
        family.add_metric([label] if labels else [], value)
    return family
