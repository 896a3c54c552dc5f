"""The devices that asked for pushes, and the pushes that wait to be sent."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.choice import Choice
from app.core.clock import UtcDateTime, now
from app.core.ids import new_id
from app.extensions import Model

LONGEST_ENDPOINT = 2000  # characters; PostgreSQL indexes 2,704 bytes at the most


class PushSubscription(Model):
    """A browser's permission to push to it (W3C Push API). It ends with the login that it was made by.

    Attributes:
        claimed_until: when others may send to it, while a process is at it.
        rests_until: when it may be sent to again, after its push service could not.
        failures: how often its push service could not, since it last could.
    """

    __tablename__ = "push_subscriptions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    login_id: Mapped[str] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"), index=True)
    endpoint: Mapped[str] = mapped_column(String(LONGEST_ENDPOINT), unique=True)
    p256dh: Mapped[str] = mapped_column(String(87))
    auth: Mapped[str] = mapped_column(String(22))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    renewed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rests_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(server_default="0")


class Subject(StrEnum):
    """What a push tells of."""

    NOTIFICATION = "notification"
    MESSAGE = "message"


class QueuedPush(Model):
    """A push to one device, to be sent at ``due_at`` unless it is needless by then. What it says is read then, too.

    Attributes:
        id: later than those of all that are older and have the same tag, whichever process wrote them.
        room: where it is heard by who is there.
        tag: what is about the same has the same.
        attempts: how often a process was at it, but for when it was put off.
        put_off: whether it once was, since it was not known whether its user's process lives.
    """

    __tablename__ = "push_queue"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    subscription_id: Mapped[str] = mapped_column(ForeignKey("push_subscriptions.id", ondelete="CASCADE"), index=True)
    room: Mapped[str] = mapped_column(String(80))
    subject: Mapped[Subject] = mapped_column(Choice(Subject))
    subject_id: Mapped[str] = mapped_column(String(36))
    tag: Mapped[str] = mapped_column(String(80))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    put_off: Mapped[bool] = mapped_column(default=False, server_default=false())

    subscription: Mapped[PushSubscription] = relationship()
