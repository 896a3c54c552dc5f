"""Samples of this process, a few seconds apart: what a dashboard draws, and what alerts are decided by."""

from collections import Counter
from os import sysconf
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from app.core import metrics
from app.core.clock import now
from app.engine.progress import backlog
from app.events.models import events
from app.extensions import db, socketio
from app.monitoring.collector import rooms, transports
from app.monitoring.readings import Buckets, buckets, by_label, quantile, total
from app.monitoring.schemas import Sample

PAGE = sysconf("SC_PAGE_SIZE")
STATM = Path("/proc/self/statm")  # proc(5); where there is none, memory is told as 0


class Reading(NamedTuple):
    """What was counted by one moment, since the process began."""

    at: float
    events: int
    deliveries: int
    slow_consumers: int
    auth_failures: int
    disconnects: Counter[str]
    delivery: Buckets
    lag: Buckets

    @classmethod
    def now(cls) -> "Reading":
        return cls(
            monotonic(),
            total(metrics.EVENTS),
            total(metrics.DELIVERIES),
            total(metrics.SLOW_CONSUMERS),
            total(metrics.AUTH_FAILURES),
            by_label(metrics.DISCONNECTS, "reason"),
            buckets(metrics.DELIVERY_SECONDS),
            buckets(metrics.HUB_LAG_SECONDS),
        )


class Sampler:
    """Takes samples; each tells of the time since the one before it."""

    def __init__(self) -> None:
        self._last = Reading.now()

    def take(self) -> Sample:
        """The sample of now. It asks the database for the backlog."""
        waiting = backlog(db.session.connection(), events)
        last, this = self._last, Reading.now()
        self._last = this
        seconds = max(1e-3, this.at - last.at)
        return Sample(
            process=socketio.sessions.process,
            at=now(),
            seconds=round(seconds, 3),
            connections=transports().total(),
            rooms=rooms(),
            deliveries_per_second=round((this.deliveries - last.deliveries) / seconds, 1),
            events_per_second=round((this.events - last.events) / seconds, 1),
            latency_p50=_milliseconds(quantile(0.5, last.delivery, this.delivery)),
            latency_p99=_milliseconds(quantile(0.99, last.delivery, this.delivery)),
            hub_lag=_milliseconds(quantile(0.99, last.lag, this.lag)) or 0.0,
            backlog=waiting.events,
            backlog_age=round(waiting.seconds, 3),
            memory=_memory(),
            slow_consumers=this.slow_consumers - last.slow_consumers,
            disconnects=dict(this.disconnects - last.disconnects),
            auth_failures=this.auth_failures - last.auth_failures,
        )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)


def _memory() -> float:
    try:
        resident = int(STATM.read_text().split()[1])
    except OSError:
        return 0.0
    return round(resident * PAGE / 1e6, 1)
