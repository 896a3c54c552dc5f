"""Events about the connection itself; they reach one socket, and carry no offset."""

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from app.events.base import Event


class LeaveReason(StrEnum):
    """Why the right to a room ended."""

    REMOVED = "removed"
    ROLE_CHANGED = "role_changed"
    DELETED = "deleted"


class ToOneSocket(Event):
    """An event that the server sends to a socket by itself, never through ``tx.publish``."""

    durable: ClassVar[bool] = False

    def rooms(self) -> tuple[str, ...]:
        return ()


class RoomLeft(ToOneSocket):
    """The socket is no longer in a room, because its user's right to it ended."""

    name: ClassVar[str] = "room-left"
    room: str
    reason: LeaveReason


class ErrorEvent(ToOneSocket):
    """A command without ack failed, or the server is about to disconnect the socket (then without ``event``)."""

    name: ClassVar[str] = "error"
    code: str
    message: str
    details: dict[str, Any] = Field(default_factory=dict)
    event: str | None = None
