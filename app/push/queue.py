"""The queue of pushes: rows, which a process claims for a while before it sends them.

A claimed row's ``due_at`` is moved ahead: a process that is killed over it leaves it to whichever looks after that. So
nothing is lost. What was sent right before the kill is sent twice, and the second takes the place of the first, since
their topics are the same.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import joinedload

from app.core.transaction import transaction
from app.engine.clock import ago, now
from app.extensions import db
from app.push.claims import Claim
from app.push.models import PushSubscription, QueuedPush

SHARE = 3  # devices of one user that are sent to at a time
CLAIMED = timedelta(seconds=60)  # three times as long as the longest request

Busy = Mapping[str, str]
"""The subscriptions that are being sent to, each with its user."""


def any_due(busy: Busy) -> bool:
    """Whether there is something to claim. Only reads: a write transaction would keep others from theirs."""
    free = select(QueuedPush.id).join(PushSubscription).where(_is_due(), *_not_busy(busy))
    return db.session.scalar(free.limit(1)) is not None


def claim(most: int, busy: Busy) -> list[Claim]:
    """Take pushes that are due, one a user, and the newest of its tag; no other process gets these.

    Args:
        most: how many.
        busy: what is under way: a push service that is slow keeps its own waiting, and a user with slow ones is not
            sent to more than :data:`SHARE` of them at a time.
    """
    with transaction():
        connection = db.session.connection()
        is_due, user_id = _is_due(), PushSubscription.user_id
        newest = (
            select(user_id, func.max(QueuedPush.id).label("id"))
            .join_from(QueuedPush, PushSubscription)
            .where(is_due, *_not_busy(busy))
            .group_by(user_id, QueuedPush.subscription_id, QueuedPush.tag)
            .subquery()
        )
        oldest = func.min(newest.c.id)
        first = select(oldest).group_by(newest.c.user_id).order_by(oldest).limit(most)
        whole = select(QueuedPush).options(joinedload(QueuedPush.subscription, innerjoin=True))
        free = whole.where(is_due, QueuedPush.id.in_(first)).with_for_update(of=QueuedPush, skip_locked=True)
        pushes = list(db.session.scalars(free))
        for push in pushes:
            push.due_at = ago(connection, -CLAIMED)
            push.attempts += 1
        return [Claim.of(push) for push in pushes]


def remove(ids: Collection[str]) -> None:
    """Pushes are done with."""
    with transaction():
        db.session.execute(delete(QueuedPush).where(QueuedPush.id.in_(ids)))


def remove_sent(push: Claim) -> None:
    """A push was sent, and with it the older ones of its tag, whose place it takes."""
    with transaction():
        _remove_older(push)
        db.session.execute(delete(QueuedPush).where(QueuedPush.id == push.id))


def postpone(push: Claim, seconds: float) -> None:
    """Let a push that failed be claimed again in ``seconds``. It takes the place of the older ones of its tag."""
    with transaction():
        _remove_older(push)
        due_at = ago(db.session.connection(), -timedelta(seconds=seconds))
        claimed_by_us = QueuedPush.id == push.id, QueuedPush.attempts == push.attempts
        db.session.execute(update(QueuedPush).where(*claimed_by_us).values(due_at=due_at))


def remove_subscription(id: str) -> None:
    """A subscription is gone, and with it what waits to be sent to it."""
    with transaction():
        db.session.execute(delete(PushSubscription).where(PushSubscription.id == id))


def _is_due() -> ColumnElement[bool]:
    return QueuedPush.due_at <= now(db.session.connection())


def _not_busy(busy: Busy) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    full = [user_id for user_id, count in Counter(busy.values()).items() if count >= SHARE]
    return QueuedPush.subscription_id.not_in(busy), PushSubscription.user_id.not_in(full)


def _remove_older(push: Claim) -> None:
    older = QueuedPush.subscription_id == push.subscription_id, QueuedPush.tag == push.tag, QueuedPush.id < push.id
    db.session.execute(delete(QueuedPush).where(*older))
