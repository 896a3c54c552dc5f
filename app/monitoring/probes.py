"""The probes behind the health routes; each is bounded in time."""

import time
from collections.abc import Callable
from functools import partial

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.ids import new_id
from app.events.base import Channel
from app.events.controls import LoopbackProbe
from app.extensions import db, socketio
from app.monitoring.schemas import ChannelHealth, Part, Ready, Status

LOOPBACK_WAIT = 2.0  # seconds


def readiness() -> Ready:
    """Whether each part that requests need answers, and the process stays."""
    parts = {"database": _timed(_database_answers)}
    return Ready(status="draining" if socketio.drain.begun else _all_ok(parts), parts=parts)


def channel_health() -> ChannelHealth:
    """Deliver a probe through the broker and the hub to a listener in each channel."""
    channels = {channel.value: _timed(partial(_loops_back, channel)) for channel in Channel}
    return ChannelHealth(status=_all_ok(channels), channels=channels)


def _timed(answers: Callable[[], bool]) -> Part:
    began = time.perf_counter()
    if not answers():
        return Part(status="down", latency_ms=None)
    return Part(status="ok", latency_ms=round((time.perf_counter() - began) * 1000, 3))


def _all_ok(parts: dict[str, Part]) -> Status:
    return "ok" if all(part.status == "ok" for part in parts.values()) else "down"


def _database_answers() -> bool:
    try:
        db.session.execute(text("SELECT 1 FROM events LIMIT 1"))
    except SQLAlchemyError:
        return False
    return True


def _loops_back(channel: Channel) -> bool:
    return socketio.loop_back(LoopbackProbe(channel=channel, nonce=new_id()).envelope(), LOOPBACK_WAIT)
