"""Who is connected, what others were told of it, and who those others are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Subquery, case, false, func, literal, or_, select, true, type_coerce
from sqlalchemy.orm import aliased

from app.chat.models import Participant
from app.core.choice import Choice
from app.core.clock import UtcDateTime
from app.engine import clock
from app.events.presence import PresenceStatus
from app.events.rooms import RoomKind
from app.extensions import db, socketio
from app.people.models import TeamMember, User
from app.people.queries import teammates
from app.presence.models import UserPresence
from app.presence.schemas import PresenceView


def hearers(rooms: Mapping[str, str]) -> set[str]:
    """Those who have a live connection that they are not away from, with a socket in the room that is asked of them.

    Args:
        rooms: of each user, the room.
    """
    live = _live(rooms, rooms)
    return set(db.session.scalars(select(live.c.owner).where(live.c.status == PresenceStatus.ONLINE)))


def connected(user_ids: Collection[str]) -> dict[str, PresenceStatus]:
    """What the live connections of ``user_ids`` say, of those who have any: one that is not away beats all that are."""
    live = _live(user_ids)
    return dict(db.session.execute(select(live.c.owner, live.c.status)).all())


def seen_by(viewer: User, user_ids: Iterable[str]) -> list[PresenceView]:
    """The presence of those of ``user_ids`` that ``viewer`` may see; of others, and of nobody, there is nothing."""
    ids = list(user_ids)
    rows = db.session.execute(
        select(User.id, UserPresence.status, UserPresence.last_seen_at)
        .outerjoin(UserPresence, UserPresence.user_id == User.id)
        .where(User.id.in_(ids), _visible_to(viewer))
    )
    found = {
        id: PresenceView(user_id=id, status=status or PresenceStatus.OFFLINE, last_seen_at=last_seen_at)
        for id, status, last_seen_at in rows
    }
    return [found[id] for id in ids if id in found]


def shared_rooms(user_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The rooms in which others hear of the presence of each of ``user_ids``."""
    team, department, conversation = TeamMember.team_id, User.department_id, Participant.conversation_id
    places = (
        (RoomKind.TEAM, select(TeamMember.user_id, team).where(TeamMember.user_id.in_(user_ids))),
        (RoomKind.DEPARTMENT, select(User.id, department).where(User.id.in_(user_ids))),
        (RoomKind.CHAT, select(Participant.user_id, conversation).where(Participant.user_id.in_(user_ids))),
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for kind, query in places:
        for user_id, place in db.session.execute(query):
            if place is not None:
                found[user_id].append(kind.room(place))
    return {id: tuple(rooms) for id, rooms in found.items()}


def moment() -> datetime:
    """The moment when the transaction began, by the clock that processes share."""
    now = clock.now(db.session.connection())
    return db.session.execute(select(type_coerce(now, UtcDateTime))).scalar_one()


def last_signs(user_ids: Collection[str]) -> dict[str, datetime]:
    """When each of ``user_ids`` was last known to have a connection, as far as anything is known of one."""
    signs = socketio.presence.last_signs(user_ids)
    return dict(db.session.execute(select(signs.c.owner, type_coerce(signs.c.seen_at, UtcDateTime))).all())


def strays(grace: timedelta) -> set[str]:
    """The users of whom others were told something else than what is so: nobody noticed how it changed."""
    live, told = _live(), UserPresence
    is_due = told.absent_since <= clock.ago(db.session.connection(), grace)
    left = (told.status != PresenceStatus.OFFLINE) & (told.absent_since.is_(None) | is_due)
    here = (told.status != live.c.status) | told.absent_since.is_not(None)
    query = select(told.user_id).outerjoin(live, live.c.owner == told.user_id)
    return set(db.session.scalars(query.where(case((live.c.owner.is_(None), left), else_=here))))


def _live(user_ids: Collection[str] | None = None, rooms: Mapping[str, str] | None = None) -> Subquery:
    """``owner`` and ``status`` of those of ``user_ids``, or of all users, who are connected (and hear their room)."""
    c = socketio.presence.connections(db.session.connection(), user_ids, rooms).c
    kind = Choice(PresenceStatus)
    status = case(
        (func.min(c.away) == 1, literal(PresenceStatus.AWAY, kind)), else_=literal(PresenceStatus.ONLINE, kind)
    )
    return select(c.owner, status.label("status")).group_by(c.owner).subquery()


def _visible_to(viewer: User) -> ColumnElement[bool]:
    if viewer.is_admin:
        return true()
    mine, theirs = aliased(Participant), aliased(Participant)
    partners = (
        select(theirs.user_id)
        .join(mine, mine.conversation_id == theirs.conversation_id)
        .where(mine.user_id == viewer.id)
    )
    colleagues = false() if viewer.department_id is None else User.department_id == viewer.department_id
    return or_(User.id == viewer.id, colleagues, User.id.in_(teammates(viewer.id)), User.id.in_(partners))
