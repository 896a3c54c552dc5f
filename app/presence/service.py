"""Bringing what others were told of a user's presence up to what is so."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import literal, select, text
from sqlalchemy.dialects.postgresql import insert

from app.config import current_settings
from app.core.clock import UtcDateTime
from app.core.transaction import Transaction, transaction
from app.events.presence import AnnouncePresence, PresenceStatus
from app.extensions import db
from app.people.models import User
from app.presence import queries
from app.presence.models import UserPresence
from app.presence.states import Observation, follow

MOST_IDLE = 5.0  # seconds that a process which was stopped in the middle keeps the others from the users it locked


def grace() -> timedelta:
    """How long a user may be without a connection before others hear of it."""
    return timedelta(seconds=current_settings().presence_grace_seconds)


def settle(user_ids: Collection[str], deserted: Collection[str] = ()) -> list[str]:
    """Tell of each of ``user_ids`` whose presence is another than what was last told.

    Their rows are locked before their connections are read. So of processes that noticed something at the same time the
    last one sees all of it, and the first one that sees a change tells of it.

    Args:
        deserted: those of them of whom nothing but a look has found that they have no connection: they had one until
            the last was lost, or until the last sign of life of a process that died. Of others one ended just now.

    Returns:
        Those who have no connection, while others need not know yet: ask again after the grace.
    """
    with transaction() as tx:
        _bound_idleness()
        at = queries.moment()
        rows = _locked(sorted(user_ids), at)
        before = {row.user_id: row.status for row in rows}
        _follow(rows, at, deserted)
        _tell(tx, [row for row in rows if row.status != before[row.user_id]])
        return [row.user_id for row in rows if row.absent_since is not None]


def _bound_idleness() -> None:
    """Have PostgreSQL end this transaction when its process says nothing more. SQLite is one process's."""
    if db.session.get_bind().dialect.name == "postgresql":
        setting = text("SELECT set_config('idle_in_transaction_session_timeout', :most_idle, true)")
        db.session.execute(setting, {"most_idle": str(int(MOST_IDLE * 1000))})


def _locked(user_ids: list[str], at: datetime) -> list[UserPresence]:
    """The rows of users, made if they are missing; in order, so that no two who lock some wait for each other."""
    query = select(UserPresence).where(UserPresence.user_id.in_(user_ids)).order_by(UserPresence.user_id)
    rows = db.session.scalars(query.with_for_update()).all()
    if len(rows) < len(user_ids):
        users = select(User.id, literal(PresenceStatus.OFFLINE.value), literal(at, UtcDateTime)).where(
            User.id.in_(user_ids)
        )
        new = insert(UserPresence).from_select(["user_id", "status", "last_seen_at"], users.order_by(User.id))
        db.session.execute(new.on_conflict_do_nothing())
        rows = db.session.scalars(query.with_for_update()).all()
    return list(rows)


def _follow(rows: list[UserPresence], at: datetime, deserted: Collection[str]) -> None:
    connected = queries.connected([row.user_id for row in rows])
    signs = queries.last_signs(set(deserted) - set(connected))
    for row in rows:
        seen = Observation(at, connected.get(row.user_id), left_at=signs.get(row.user_id, at))
        row.state = follow(row.state, seen, grace())


def _tell(tx: Transaction, changed: list[UserPresence]) -> None:
    rooms = queries.shared_rooms([row.user_id for row in changed])
    for row in changed:
        if row.user_id in rooms:
            tx.publish(
                AnnouncePresence(
                    user_id=row.user_id,
                    status=row.status,
                    last_seen_at=row.last_seen_at,
                    heard_in=rooms[row.user_id],
                )
            )
