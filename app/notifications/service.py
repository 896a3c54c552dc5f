"""Making, reading and deleting notifications; their user's devices hear of each change."""

from collections.abc import Iterable

from sqlalchemy import update

from app.core.clock import now
from app.core.errors import Forbidden, NotFound
from app.core.transaction import Transaction, transaction
from app.events.notifications import (
    NewNotification,
    NotificationDeleted,
    NotificationRead,
    NotificationsBulkRead,
)
from app.extensions import db
from app.notifications import queries
from app.notifications.models import Notification
from app.notifications.schemas import Content, ReadNotifications, SendNotification
from app.people.models import User
from app.people.queries import lock_users, manages_user, user


def send(actor: User, form: SendNotification) -> Notification:
    """Notify oneself, or as a manager a member of a team one shares, or as an admin anyone.

    Raises:
        NotFound: there is no such user, or they were deactivated.
        Forbidden: one doesn't manage them.
    """
    with transaction() as tx:
        if user(form.user_id) is None:
            raise NotFound("There is no such user.")
        if form.user_id != actor.id and not manages_user(actor, form.user_id):
            raise Forbidden("Only an admin or a manager of a team that you share may notify this user.")
        made = notify(tx, [form.user_id], form)
        if not made:
            raise NotFound("There is no such user.")
        return made[0]


def notify(tx: Transaction, user_ids: Iterable[str], content: Content) -> list[Notification]:
    """Store a notification for each user and publish it. Deactivated users get none."""
    made = [
        Notification(user_id=id, type=content.type, title=content.title, message=content.message, data=content.data)
        for id in _lock_active(user_ids)
    ]
    db.session.add_all(made)
    db.session.flush()
    for notification in made:
        tx.publish(NewNotification.model_validate(notification))
    return made


def mark_read(actor: User, id: str) -> Notification:
    """Mark one notification as read; one that is read stays as it is.

    Raises:
        NotFound: there is none, or it is another user's.
    """
    with transaction() as tx:
        notification = _own(actor, id)
        if notification.read_at is None:
            notification.read_at = now()
            unread = queries.unread_count(actor.id)
            tx.publish(NotificationRead(user_id=actor.id, id=id, read_at=notification.read_at, unread_count=unread))
        return notification


def mark_many_read(actor: User, form: ReadNotifications) -> NotificationsBulkRead:
    """Mark several notifications as read.

    Returns:
        The event, whose ``ids`` are those that were unread; with none it was not published.

    Raises:
        NotFound: one of the ids is not a notification of ``actor``; then none is marked.
    """
    with transaction() as tx:
        _lock_active([actor.id])
        wanted = [Notification.user_id == actor.id, Notification.read_at.is_(None)]
        if form.ids is not None:
            if not queries.all_belong_to(actor.id, form.ids):
                raise NotFound("There is no such notification.")
            wanted.append(Notification.id.in_(form.ids))
        read_at = now()
        marked = db.session.scalars(
            update(Notification).where(*wanted).values(read_at=read_at).returning(Notification.id)
        ).all()
        unread = queries.unread_count(actor.id)
        event = NotificationsBulkRead(user_id=actor.id, ids=sorted(marked), read_at=read_at, unread_count=unread)
        if marked:
            tx.publish(event)
        return event


def delete(actor: User, id: str) -> None:
    """Delete a notification.

    Raises:
        NotFound: there is none, or it is another user's.
    """
    with transaction() as tx:
        db.session.delete(_own(actor, id))
        unread = queries.unread_count(actor.id)
        tx.publish(NotificationDeleted(user_id=actor.id, id=id, unread_count=unread))


def _own(actor: User, id: str) -> Notification:
    _lock_active([actor.id])
    notification = db.session.get(Notification, id)
    if notification is None or notification.user_id != actor.id:
        raise NotFound("There is no such notification.")
    return notification


def _lock_active(user_ids: Iterable[str]) -> list[str]:
    """Those of ``user_ids`` that are active users; nobody else changes their notifications until the commit.

    Two transactions side by side would not see each other's changes, and both publish a wrong unread count.
    """
    return lock_users(User.id.in_(user_ids), User.active)
