"""What the engine does, counted; and the way of the newest events, kept."""

import logging
from time import time

from app.core import metrics
from app.core.bounded_log import BoundedLog
from app.engine import Envelope, Observer
from app.events.registry import EVENTS
from app.monitoring.ways import Ways

slow_consumers = BoundedLog(logging.getLogger(__name__), logging.WARNING)

OTHER = "other"  # emitted by its name alone, as Flask-SocketIO allows: such names may be any
HELD = frozenset(name for name, event in EVENTS.items() if event.conflation)  # on purpose: they are no sign of slowness


class EngineMetrics(Observer):
    """Counts what is delivered, who comes back and who goes.

    Args:
        ways: is told of each durable event that was written.
    """

    def __init__(self, ways: Ways) -> None:
        self._ways = ways

    def delivered(self, envelope: Envelope, sockets: int) -> None:
        name = envelope.event if envelope.event in EVENTS else OTHER
        metrics.EVENTS.labels(name).inc()
        metrics.DELIVERIES.labels(name).inc(sockets)
        if envelope.trace is None or envelope.seq is None:
            return
        now = time()
        self._ways.note(envelope.seq, envelope.event, envelope.trace, sockets, now)
        if sockets and envelope.event not in HELD:
            metrics.DELIVERY_SECONDS.observe(max(0.0, now - envelope.trace.published_at))

    def connected(self, namespace: str) -> None:
        metrics.CONNECTS.labels(namespace).inc()

    def recovered(self, outcome: str) -> None:
        metrics.RECOVERIES.labels(outcome).inc()

    def dropped(self) -> None:
        metrics.SLOW_CONSUMERS.inc()
        slow_consumers("dropped", "a client reads too slowly and was dropped: MAX_OUTBOX_BYTES waited for it")

    def disconnected(self, namespace: str, reason: str) -> None:
        del namespace
        metrics.DISCONNECTS.labels(reason if reason in metrics.REASONS else OTHER).inc()
