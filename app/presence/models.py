"""What was last told of each user's presence."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.choice import Choice
from app.core.clock import UtcDateTime
from app.events.presence import PresenceStatus
from app.extensions import Model
from app.presence.states import State


class UserPresence(Model):
    """The presence of a user who was ever connected, as others were told of it."""

    __tablename__ = "presences"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    status: Mapped[PresenceStatus] = mapped_column(Choice(PresenceStatus), default=PresenceStatus.OFFLINE)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    absent_since: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def state(self) -> State:
        return State(self.status, self.last_seen_at, self.absent_since)

    @state.setter
    def state(self, state: State) -> None:
        self.status, self.last_seen_at, self.absent_since = state.status, state.last_seen_at, state.absent_since
