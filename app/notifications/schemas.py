"""What the notification routes take and answer."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from app.core.clock import Timestamp
from app.core.pagination import PageQuery
from app.core.schema import Id, Kept, Schema, TrueOrFalse, text


class NotificationsQuery(PageQuery):
    """Which notifications to list: all, or with ``unread=true`` those not read yet."""

    unread: Annotated[bool, TrueOrFalse] = False


class Content(Schema):
    """What a notification says: ``type`` and ``data`` to programs, ``title`` and ``message`` to people."""

    type: Annotated[str, text(64)]
    title: Annotated[str, text(200)]
    message: Annotated[str, text(2000)]
    data: dict[str, Any] | None = None


class SendNotification(Content):
    """A new notification for a user."""

    user_id: Id


class ReadNotifications(Schema):
    """Which notifications to mark as read: those with ``ids``, or all."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["ids"]}, {"required": ["all"]}]})

    ids: Kept[Annotated[list[Id], Field(min_length=1, max_length=1000)]] = None
    all: Kept[Annotated[bool, Field(json_schema_extra={"const": True})]] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if len(self.model_fields_set) != 1 or self.all is False:
            raise ValueError("takes either ids or all: true")
        return self


class NotificationView(Schema):
    """A notification as its user sees it."""

    id: str
    user_id: str
    type: str
    title: str
    message: str
    data: dict[str, Any] | None
    read: bool
    read_at: Timestamp | None
    created_at: Timestamp


class NotificationPage(Schema):
    """A page of notifications, and how many of all are unread."""

    items: list[NotificationView]
    next_cursor: str | None
    unread_count: int
