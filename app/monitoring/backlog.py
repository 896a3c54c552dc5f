"""What was committed and has no number yet: how much of it, and how old."""

from typing import NamedTuple

from sqlalchemy import func, select

from app.engine.clock import now, unix
from app.events.models import events
from app.extensions import db


class Backlog(NamedTuple):
    """How many events wait for their number, and for how many seconds the first of them has."""

    events: int
    seconds: float


MOST = 10_000  # counted: more is as bad


def backlog() -> Backlog:
    """What waits now, of all processes; what is held by its pace is among it."""
    waiting = select(events.c.created_at).where(events.c.seq.is_(None)).order_by(events.c.id).limit(MOST).subquery()
    clock = now(db.session.connection())
    count, first, moment = db.session.execute(select(func.count(), func.min(waiting.c.created_at), clock)).one()
    return Backlog(count, max(0.0, unix(moment) - unix(first)) if first else 0.0)
