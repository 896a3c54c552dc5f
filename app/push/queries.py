"""Which devices a user has, and what there still is to push."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from app.auth.models import Login
from app.chat.models import Message, Participant
from app.engine.upkeep import SIGN_OF_LIFE
from app.extensions import db, socketio
from app.notifications.models import Notification
from app.people.models import User
from app.presence.queries import hearers
from app.push.claims import Claim
from app.push.message import PushMessage
from app.push.models import PushSubscription, QueuedPush, Subject


def lock_devices(user_id: str) -> dict[str, datetime | None]:
    """The subscriptions of a user whose logins live, and until when each rests; none of them ends before the commit.

    One that ended meanwhile would take with it, by the foreign key, the whole change that is to be pushed.
    """
    statement = (
        select(PushSubscription.id, PushSubscription.rests_until)
        .join(Login, Login.id == PushSubscription.login_id)
        .where(PushSubscription.user_id == user_id, Login.lives)
        .order_by(PushSubscription.id)
    )
    return dict(db.session.execute(statement.with_for_update(of=PushSubscription, read=True, key_share=True)).all())


class Listeners(NamedTuple):
    """Users who hear something, and those who may: of whose process it is not known yet whether it lives."""

    surely: set[str]
    perhaps: set[str]


def listeners(rooms: Mapping[str, str]) -> Listeners:
    """Who of some users is there: has a socket, that they are not away from, in the room that is asked of them.

    A process that missed its last sign of life may have been killed, and nobody hears by its sockets then.
    """
    there = hearers(rooms)
    if not there:
        return Listeners(set(), set())
    steady = socketio.presence.connections(db.session.connection(), there, rooms, timedelta(seconds=SIGN_OF_LIFE)).c
    surely = set(db.session.scalars(select(steady.owner).where(steady.away == 0)))
    return Listeners(surely, there - surely)


def newest_ids(subscription_ids: Collection[str], tag: str) -> dict[str, str]:
    """The newest push with ``tag`` that waits for each of the subscriptions, where there is one."""
    same = QueuedPush.subscription_id.in_(subscription_ids), QueuedPush.tag == tag
    query = select(QueuedPush.subscription_id, func.max(QueuedPush.id)).where(*same)
    return dict(db.session.execute(query.group_by(QueuedPush.subscription_id)).all())


def other_of_two(conversation_id: str, user_id: str) -> str | None:
    """Whom ``user_id`` talks to in a conversation of two; None when there are more or fewer."""
    ids = set(db.session.scalars(select(Participant.user_id).where(Participant.conversation_id == conversation_id)))
    others = ids - {user_id}
    return others.pop() if len(ids) == 2 and len(others) == 1 else None


def message_of(push: Claim) -> PushMessage | None:
    """What ``push`` says; None when its user has read it, or may not any more."""
    return _of_notification(push) if push.subject == Subject.NOTIFICATION else _of_message(push)


def _of_notification(push: Claim) -> PushMessage | None:
    notification = db.session.get(Notification, push.subject_id)
    if notification is None or notification.read:
        return None
    return PushMessage(notification.title, notification.message, push.tag, "normal")


def _of_message(push: Claim) -> PushMessage | None:
    message = db.session.get(Message, push.subject_id)
    if message is None or message.deleted_at is not None:
        return None
    reader = db.session.get(Participant, (message.conversation_id, push.user_id))
    if reader is None or (reader.last_read_message_id or "") >= message.id:
        return None
    sender = db.session.get_one(User, message.sender_id)
    return PushMessage(sender.name, message.content, push.tag, "high")
