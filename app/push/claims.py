"""A push as the worker has it in hand: copied, since its row may be gone by the time that it is sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from app.push.models import PushSubscription, QueuedPush, Subject


@dataclass(frozen=True)
class Device:
    """Where a push goes, and what it is encrypted with."""

    endpoint: str
    p256dh: str
    auth: str

    @classmethod
    def of(cls, subscription: PushSubscription) -> Self:
        return cls(subscription.endpoint, subscription.p256dh, subscription.auth)


@dataclass(frozen=True)
class Claim:
    """A push that this process may send now, and to whose device it alone sends until ``claimed_until``.

    Attributes:
        attempts: counts this one, too.
        put_off: whether it was before.
        failures: how often the push service of the device could not, since it last could.
    """

    id: str
    subscription_id: str
    user_id: str
    device: Device
    room: str
    subject: Subject
    subject_id: str
    tag: str
    attempts: int
    put_off: bool
    failures: int
    claimed_until: datetime

    @classmethod
    def of(cls, push: QueuedPush, claimed_until: datetime) -> Self:
        return cls(
            id=push.id,
            subscription_id=push.subscription_id,
            user_id=push.subscription.user_id,
            device=Device.of(push.subscription),
            room=push.room,
            subject=push.subject,
            subject_id=push.subject_id,
            tag=push.tag,
            attempts=push.attempts,
            put_off=push.put_off,
            failures=push.subscription.failures,
            claimed_until=claimed_until,
        )
