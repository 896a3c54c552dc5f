"""The probes behind the health routes; each is bounded in time."""

import time
from collections.abc import Callable
from functools import partial

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.config import current_settings
from app.core.ids import new_id
from app.events.base import Channel
from app.events.controls import LoopbackProbe
from app.extensions import db, socketio
from app.monitoring.schemas import ChannelHealth, Part, Ready, Status

LOOPBACK_WAIT = 2.0  # seconds


def readiness() -> Ready:
    """Whether each part answers, and the process stays."""
    parts = {"database": _database()}
    if current_settings().redis_url:
        parts["redis"] = _timed(socketio.broker.answers, otherwise="degraded")
    return Ready(status="draining" if socketio.drain.begun else _worst(parts), parts=parts)


def channel_health() -> ChannelHealth:
    """Deliver a probe through the broker and the hub to a listener in each channel."""
    channels = {channel.value: _timed(partial(_loops_back, channel)) for channel in Channel}
    return ChannelHealth(status=_worst(channels), channels=channels)


def _timed(answers: Callable[[], bool], otherwise: Status = "down") -> Part:
    began = time.perf_counter()
    if not answers():
        return Part(status=otherwise, latency_ms=None)
    return Part(status="ok", latency_ms=round((time.perf_counter() - began) * 1000, 3))


def _worst(parts: dict[str, Part]) -> Status:
    found = {part.status for part in parts.values()}
    return "down" if "down" in found else "degraded" if "degraded" in found else "ok"


def _database() -> Part:
    """A disk that is full, or a lock that another process holds, shows in the signs of life: trying here would wait."""
    part = _timed(_database_answers)
    stores = socketio.recovery.upkeep.stores
    return part if part.status == "down" or stores else Part(status="degraded", latency_ms=None)


def _database_answers() -> bool:
    try:
        db.session.execute(text("SELECT 1 FROM events LIMIT 1"))
    except SQLAlchemyError:
        return False
    return True


def _loops_back(channel: Channel) -> bool:
    return socketio.loop_back(LoopbackProbe(channel=channel, nonce=new_id()).envelope(), LOOPBACK_WAIT)
