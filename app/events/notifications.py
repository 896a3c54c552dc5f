"""Events of the channel ``notifications``: all go to ``notifications-<userId>``."""

from typing import Any, ClassVar

from app.core.clock import Timestamp
from app.events.base import Channel, Event, Routing
from app.events.rooms import RoomKind


class NotificationEvent(Event):
    """An event about one user's notifications."""

    channel: ClassVar[Channel | None] = Channel.NOTIFICATIONS
    user_id: Routing

    def rooms(self) -> tuple[str, ...]:
        return (RoomKind.NOTIFICATIONS.room(self.user_id),)


class NewNotification(NotificationEvent):
    """A notification arrived."""

    name: ClassVar[str] = "new-notification"
    id: str
    user_id: str
    type: str
    title: str
    message: str
    data: dict[str, Any] | None
    read: bool
    created_at: Timestamp


class NotificationRead(NotificationEvent):
    """One notification was read, here or on another device."""

    name: ClassVar[str] = "notification-read"
    id: str
    read_at: Timestamp
    unread_count: int


class NotificationDeleted(NotificationEvent):
    """One notification was deleted."""

    name: ClassVar[str] = "notification-deleted"
    id: str
    unread_count: int


class NotificationsBulkRead(NotificationEvent):
    """Several notifications were read at once."""

    name: ClassVar[str] = "notifications-bulk-read"
    ids: list[str]
    read_at: Timestamp
    unread_count: int
