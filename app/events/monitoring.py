"""The event of alerts: admins hear it."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from app.core.clock import Timestamp
from app.core.schema import Schema
from app.events.base import Event
from app.events.rooms import RoomKind


class AlertLevel(StrEnum):
    """How bad it is: somebody should look soon, or now."""

    WARNING = "warning"
    CRITICAL = "critical"


class AlertFacts(Schema):
    """What is wrong, since when, and until when it was."""

    id: str
    level: AlertLevel
    code: str
    message: str
    value: float
    threshold: float
    since: Timestamp
    resolved_at: Timestamp | None


class SystemAlert(AlertFacts, Event):
    """Something is wrong with the server, or no longer is: then ``resolvedAt`` says since when."""

    name: ClassVar[str] = "system-alert"
    durable: ClassVar[bool] = True

    admin_ids: Annotated[tuple[str, ...], Field(exclude=True)]

    def rooms(self) -> tuple[str, ...]:
        return tuple(RoomKind.USER.room(id) for id in self.admin_ids)
