"""``/health/live``, ``/health/ready``, ``/ws/health``."""

from flask import Blueprint, Response

from app.auth.guard import public_in_development
from app.core.api import declare, public, reply, returns
from app.monitoring import probes
from app.monitoring.schemas import ChannelHealth, Live, Ready

bp = Blueprint("monitoring", __name__)


@bp.get("/health/live")
@public
@returns(Live)
def live() -> Live:
    """The process answers. A part that is down doesn't change it: a restart would not mend that."""
    return Live()


@bp.get("/health/ready")
@public
def ready() -> Response:
    """Whether requests can be served; 503 and which part is down, if not, and while the process ends.

    Without Redis events are late and nothing else is amiss, in every process at once: that is `degraded`, and 200, so
    that no load balancer takes them all out of service. So is a database that can be read and not written to: reads go
    on, and writes are answered with 503.
    """
    found = probes.readiness()
    return reply(found, 200 if found.status in ("ok", "degraded") else 503)


@bp.get("/ws/health")
@public_in_development
def channels() -> Response:
    """A loopback delivery through each of the four channels, with its latency."""
    found = probes.channel_health()
    return reply(found, 200 if found.status == "ok" else 503)


declare(ready, response=Ready, also=(503,))
declare(channels, response=ChannelHealth, also=(503,))
