"""The event of presence; it goes to the rooms that a user shares with others."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from app.core.clock import Timestamp
from app.core.schema import Schema
from app.events.base import Conflation, ControlMessage, Event


class PresenceStatus(StrEnum):
    """Whether a user is there: connected, connected but away from every device, or not connected."""

    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class Change(Schema):
    """What became of a user's presence, and the rooms that hear of it."""

    user_id: str
    status: PresenceStatus
    last_seen_at: Timestamp
    heard_in: Annotated[tuple[str, ...], Field(exclude=True)]


class PresenceChanged(Change, Event):
    """A user came, went away from every device, or left. Ephemeral."""

    name: ClassVar[str] = "presence-changed"
    durable: ClassVar[bool] = False
    conflation: ClassVar[Conflation | None] = Conflation(by=("user_id",), ceiling=50)

    def rooms(self) -> tuple[str, ...]:
        return self.heard_in


class AnnouncePresence(Change, ControlMessage):
    """Every process emits :class:`PresenceChanged` to its sockets.

    The change itself is ephemeral, and published by whichever process noticed it; by this way those of one user keep
    their order over all processes, and each committed one is heard.
    """

    name: ClassVar[str] = "@announce-presence"
    barrier: ClassVar[bool] = False

    def rooms(self) -> tuple[str, ...]:
        return self.heard_in
