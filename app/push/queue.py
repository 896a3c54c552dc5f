"""The queue of pushes: rows, which a process sends while it has claimed the device that they go to.

A device is claimed for a while: one that a killed process had leaves its pushes to whichever looks after that. So
nothing is lost. What was sent right before the kill is sent twice, and the second takes the place of the first, since
their topics are the same.
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import contains_eager

from app.core.transaction import transaction
from app.engine.clock import now
from app.extensions import db
from app.presence.queries import moment
from app.push.claims import Claim
from app.push.models import PushSubscription, QueuedPush

LOOKED_AT = 500  # pushes at the beginning of the queue, when some are claimed
SHARE = 3  # devices of one user that are sent to at a time
CLAIMED = timedelta(seconds=60)  # three times as long as the longest request

Busy = Collection[str]
"""The user of each push that this process is sending."""


def any_due(busy: Busy) -> bool:
    """Whether there is something to claim. Only reads: a write transaction would keep others from theirs."""
    free = select(QueuedPush.id).join(PushSubscription).where(*_may_be_sent(busy))
    return db.session.scalar(free.limit(1)) is not None


def claim(most: int, busy: Busy) -> list[Claim]:
    """Take pushes that are due, one a user, and the newest of its tag; no other process gets any to the same device.

    So what comes later is sent later, and a push service that is slow keeps its own devices waiting, and no others.

    Args:
        most: how many.
        busy: a user with slow devices is not sent to more than :data:`SHARE` of them at a time.
    """
    with transaction():
        until = moment() + CLAIMED
        whole = select(QueuedPush).join(QueuedPush.subscription).options(contains_eager(QueuedPush.subscription))
        free = whole.where(*_may_be_sent(busy), QueuedPush.id.in_(_newest(_first_of_users(most, busy))))
        pushes = list(db.session.scalars(free.with_for_update(skip_locked=True, key_share=True)))
        claimed = PushSubscription.id.in_([push.subscription_id for push in pushes])
        tried = QueuedPush.id.in_([push.id for push in pushes])
        db.session.execute(update(PushSubscription).where(claimed).values(claimed_until=until))
        db.session.execute(update(QueuedPush).where(tried).values(attempts=QueuedPush.attempts + 1))
        return [Claim.of(push, until) for push in pushes]


def remove(pushes: Collection[Claim]) -> None:
    """Pushes are done with."""
    with transaction():
        _free(pushes)
        db.session.execute(delete(QueuedPush).where(QueuedPush.id.in_([push.id for push in pushes])))


def put_off(pushes: Collection[Claim], time: timedelta) -> None:
    """Look at pushes again in a while. That was no attempt to send them."""
    with transaction():
        _free(pushes)
        these = QueuedPush.id.in_([push.id for push in pushes])
        values = {"due_at": moment() + time, "attempts": QueuedPush.attempts - 1, "put_off": True}
        db.session.execute(update(QueuedPush).where(these).values(values))


def remove_sent(push: Claim) -> None:
    """A push was sent, and with it the older ones of its tag, whose place it takes."""
    with transaction():
        _free([push], rests_until=None, failures=0)
        _remove_older(push)
        db.session.execute(delete(QueuedPush).where(QueuedPush.id == push.id))


def rest(push: Claim, seconds: float) -> None:
    """A push failed: nothing is sent to its device for ``seconds``. It takes the place of the older ones of its tag."""
    with transaction():
        rests_until = moment() + timedelta(seconds=seconds)
        _free([push], rests_until=rests_until, failures=push.failures + 1)
        _remove_older(push)
        early = QueuedPush.subscription_id == push.subscription_id, QueuedPush.due_at < rests_until
        db.session.execute(update(QueuedPush).where(*early).values(due_at=rests_until))  # not looked at till then


def remove_subscription(id: str) -> None:
    """A subscription is gone, and with it what waits to be sent to it."""
    with transaction():
        db.session.execute(delete(PushSubscription).where(PushSubscription.id == id))


def _first_of_users(most: int, busy: Busy) -> list[tuple[str, str]]:
    """The device and the tag of what each user has waited for longest, of the users who are first in the queue.

    However long the queue is, only its beginning is looked at. Who has all of that has a share of the places, too, and
    is left out once it is used up.
    """
    first = (
        select(PushSubscription.user_id, QueuedPush.subscription_id, QueuedPush.tag)
        .join_from(QueuedPush, PushSubscription)
        .where(*_may_be_sent(busy))
        .order_by(QueuedPush.due_at)
        .limit(LOOKED_AT)
    )
    of_users: dict[str, tuple[str, str]] = {}
    for user_id, subscription_id, tag in db.session.execute(first):
        of_users.setdefault(user_id, (subscription_id, tag))
    return list(of_users.values())[:most]


def _newest(places: list[tuple[str, str]]) -> Select[str]:
    """Of what is due, the newest for each of the devices with the tag beside it."""
    device, tag = QueuedPush.subscription_id, QueuedPush.tag
    there = device.in_([id for id, _ in places]), tuple_(device, tag).in_(places)  # for pairs SQLite uses no index
    is_due = QueuedPush.due_at <= now(db.session.connection())
    return select(func.max(QueuedPush.id)).where(is_due, *there).group_by(device, tag)


def _may_be_sent(busy: Busy) -> tuple[ColumnElement[bool], ...]:
    at = now(db.session.connection())
    full = [user_id for user_id, count in Counter(busy).items() if count >= SHARE]
    times = PushSubscription.claimed_until, PushSubscription.rests_until
    over = (or_(time.is_(None), time <= at) for time in times)
    return QueuedPush.due_at <= at, *over, PushSubscription.user_id.not_in(full)


def _free(pushes: Collection[Claim], **values: datetime | int | None) -> None:
    """Claim the devices of ``pushes`` no longer, and note ``values``, unless another process has claimed them since.

    It comes first in a transaction: who ends a subscription locks its row before those of its pushes, too.
    """
    theirs = PushSubscription.id.in_([push.subscription_id for push in pushes])
    ours = PushSubscription.claimed_until.in_({push.claimed_until for push in pushes})  # one: they were claimed at once
    db.session.execute(update(PushSubscription).where(theirs, ours).values(claimed_until=None, **values))


def _remove_older(push: Claim) -> None:
    older = QueuedPush.subscription_id == push.subscription_id, QueuedPush.tag == push.tag, QueuedPush.id < push.id
    db.session.execute(delete(QueuedPush).where(*older))
