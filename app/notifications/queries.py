"""What a user has in notifications."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select

from app.core.pagination import page
from app.extensions import db
from app.notifications.models import Notification
from app.notifications.schemas import NotificationsQuery


def unread_count(user_id: str) -> int:
    """How many notifications a user has not read."""
    statement = select(func.count()).where(Notification.user_id == user_id, Notification.read_at.is_(None))
    return db.session.scalar(statement) or 0


def all_belong_to(user_id: str, ids: Collection[str]) -> bool:
    """Whether each of ``ids`` is a notification of the user."""
    found = db.session.scalars(select(Notification.id).where(Notification.user_id == user_id, Notification.id.in_(ids)))
    return set(found) == set(ids)


def notifications_page(user_id: str, query: NotificationsQuery) -> dict[str, Any]:
    """A page of a user's notifications, and their ``unread_count``."""
    statement = select(Notification).where(Notification.user_id == user_id)
    if query.unread:
        statement = statement.where(Notification.read_at.is_(None))
    return page(statement, Notification.id, query) | {"unread_count": unread_count(user_id)}
