"""What there is to see of the processes, the rooms, the people and the alerts."""

from datetime import datetime

from sqlalchemy import case, select

from app.events.presence import PresenceStatus
from app.extensions import db, socketio
from app.monitoring.models import Alert, ProcessSample
from app.monitoring.schemas import AlertView, PersonSeen, RoomSize, Sample
from app.people.models import User
from app.presence.models import UserPresence

MOST_ALERTS = 100
MOST_PEOPLE = 200


def samples(after: datetime | None) -> list[Sample]:
    """The samples of all processes that were taken after ``after``, oldest first; None: all that are kept."""
    query = select(ProcessSample.figures).order_by(ProcessSample.at, ProcessSample.process)
    if after is not None:
        query = query.where(ProcessSample.at > after)
    return [Sample.model_validate_json(figures) for figures in db.session.scalars(query)]


def largest_rooms(limit: int) -> list[RoomSize]:
    """The rooms with the most sockets, over all processes."""
    db.session.close()  # the engine has its own connections
    return [RoomSize(room=room, sockets=sockets) for room, sockets in socketio.presence.rooms().most_common(limit)]


def people() -> list[PersonSeen]:
    """Those who were active last: first who is online, then who is away, then by when they left."""
    order = case({PresenceStatus.ONLINE: 0, PresenceStatus.AWAY: 1}, value=UserPresence.status, else_=2)
    query = (
        select(User.id, User.name, UserPresence.status, UserPresence.last_seen_at)
        .join(UserPresence, UserPresence.user_id == User.id)
        .order_by(order, UserPresence.last_seen_at.desc())
        .limit(MOST_PEOPLE)
    )
    rows = db.session.execute(query).all()
    db.session.close()
    devices = socketio.presence.of([row.id for row in rows])
    return [
        PersonSeen(
            user_id=row.id,
            name=row.name,
            status=row.status,
            last_seen_at=row.last_seen_at,
            devices=len(devices.get(row.id, ())),
        )
        for row in rows
    ]


def alerts() -> list[AlertView]:
    """The newest alerts, of all processes: those that are open first."""
    query = select(Alert).order_by(Alert.resolved_at.is_not(None), Alert.since.desc()).limit(MOST_ALERTS)
    return [AlertView.model_validate(alert) for alert in db.session.scalars(query)]
