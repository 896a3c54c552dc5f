"""``/health/live``, ``/health/ready``, ``/ws/health``, ``/metrics``, and what admins see of the processes."""

from flask import Blueprint, Response

from app.auth.guard import only, public_in_development
from app.core.api import declare, produces, public, query, reply, returns
from app.monitoring import exposition, probes, queries
from app.monitoring.schemas import (
    AlertViews,
    ChannelHealth,
    Live,
    PeopleSeen,
    Ready,
    RoomSizes,
    RoomsQuery,
    Samples,
    SamplesQuery,
    Way,
)
from app.monitoring.ways import way_of
from app.people.models import Role

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


@bp.get("/metrics")
@produces("text/plain")
def metrics() -> Response:
    """The metrics of the process that answers, in Prometheus' text format: scrape each process by its own address."""
    exposition.check_reader()
    return Response(exposition.exposition(), content_type=exposition.CONTENT_TYPE)


@bp.get("/api/monitoring/samples")
@only(Role.ADMIN)
@query(SamplesQuery)
@returns(Samples)
def samples(query: SamplesQuery) -> Samples:
    """What each process looked like every five seconds of the last hour."""
    return Samples(items=queries.samples(query.after))


@bp.get("/api/monitoring/rooms")
@only(Role.ADMIN)
@query(RoomsQuery)
@returns(RoomSizes)
def rooms(query: RoomsQuery) -> RoomSizes:
    """The rooms with the most sockets, over all processes."""
    return RoomSizes(items=queries.largest_rooms(query.limit))


@bp.get("/api/monitoring/people")
@only(Role.ADMIN)
@returns(PeopleSeen)
def people() -> PeopleSeen:
    """Who is online, and when the others were last active."""
    return PeopleSeen(items=queries.people())


@bp.get("/api/monitoring/alerts")
@only(Role.ADMIN)
@returns(AlertViews)
def alerts() -> AlertViews:
    """The alerts of all processes, those that are not resolved first."""
    return AlertViews(items=queries.alerts())


@bp.get("/api/monitoring/ways/<offset>")
@only(Role.ADMIN)
@returns(Way)
def way(offset: str) -> Way:
    """The way of a durable event, by its offset: published, numbered, written to how many sockets of which process."""
    return way_of(offset)


declare(metrics, access="metrics")
declare(ready, response=Ready, also=(503,))
declare(channels, response=ChannelHealth, also=(503,))
