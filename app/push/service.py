"""Which devices are pushed to, and what waits to be pushed."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, not_, select

from app.auth.models import Login
from app.auth.tokens import Identity
from app.config import current_settings
from app.core.clock import now
from app.core.errors import Conflict, NotFound, ValidationFailed
from app.core.ids import new_id_after
from app.core.transaction import transaction
from app.engine.presence import SILENT
from app.extensions import db
from app.people.models import User
from app.presence.queries import moment
from app.push import queries
from app.push.endpoints import check_endpoint
from app.push.models import PushSubscription, QueuedPush, Subject
from app.push.schemas import Subscribe, Unsubscribe
from app.push.vapid import current_vapid, is_on


def subscribe(identity: Identity, form: Subscribe) -> PushSubscription:
    """Push to a device from now on, until its login ends.

    A browser has one endpoint for a site, whoever uses it: the endpoint moves to who subscribes last, and shows by its
    keys that it is the same browser. Of more devices than the setting allows, the one renewed longest ago is dropped.

    Raises:
        ValidationFailed: the endpoint can be no push service's.
        Conflict: another user has the endpoint, with other keys.
        Unavailable: Web Push is off.
    """
    current_vapid()
    try:
        check_endpoint(form.endpoint, loopback=not current_settings().production)
    except ValueError as error:
        raise ValidationFailed("The request is not valid.", {"endpoint": str(error)}) from error
    user, login = identity.user, identity.login
    with transaction():
        db.session.execute(select(User.id).where(User.id == user.id).with_for_update(key_share=True))
        subscription = _of_user(user.id, form)
        subscription.login_id, subscription.renewed_at = login.id, now()
        subscription.p256dh, subscription.auth = form.keys.p256dh, form.keys.auth
        db.session.add(subscription)
        db.session.flush()
        _drop_surplus(user.id)
        return subscription


def unsubscribe(user: User, form: Unsubscribe) -> None:
    """Push to a device no more; what waits to be sent to it is not sent.

    Raises:
        NotFound: the user has no such subscription.
    """
    mine = PushSubscription.endpoint == form.endpoint, PushSubscription.user_id == user.id
    with transaction():
        if not db.session.scalars(delete(PushSubscription).where(*mine).returning(PushSubscription.id)).all():
            raise NotFound("There is no such subscription.")


def end_with_logins(login_ids: Collection[str]) -> None:
    """Push no more to the devices of logins that ended."""
    with transaction():
        _end(PushSubscription.login_id.in_(login_ids))


def enqueue(user_id: str, room: str, subject: Subject, subject_id: str, tag: str) -> None:
    """Push to the devices of a user after the delay, unless the user is there now: then it is heard by a socket.

    Who comes, or reads it, before it is due is not pushed to either: that is asked when it is sent. Where it is not
    known whether the user's process lives, that is once it must be.

    Args:
        room: where it is heard.
        tag: what is about the same has the same.
    """
    if not is_on():
        return
    with transaction():
        rests = queries.lock_devices(user_id)
        if not rests:
            return
        there = queries.listeners({user_id: room})
        if user_id in there.surely:
            return
        delay = timedelta(seconds=current_settings().push_delay_seconds)
        due_at = moment() + (max(delay, SILENT) if there.perhaps else delay)
        newest = queries.newest_ids(rests, tag)
        for subscription_id, rests_until in rests.items():
            push = QueuedPush(subscription_id=subscription_id, room=room, subject=subject, subject_id=subject_id)
            push.id, push.tag = new_id_after(newest.get(subscription_id)), tag
            push.due_at = max(due_at, rests_until or due_at)
            db.session.add(push)
        db.session.flush()


def _of_user(user_id: str, form: Subscribe) -> PushSubscription:
    """The row of an endpoint. What waits to be sent goes with another user's, and is not sent to this one."""
    same = select(PushSubscription).where(PushSubscription.endpoint == form.endpoint)
    found = db.session.scalar(same.with_for_update())  # its push service may say at this moment that it is gone
    if found is not None and found.user_id != user_id:
        if (found.p256dh, found.auth) != (form.keys.p256dh, form.keys.auth):
            raise Conflict("The endpoint is another subscription's.")
        db.session.delete(found)
        db.session.flush()
        found = None
    return found or PushSubscription(user_id=user_id, endpoint=form.endpoint)


def _drop_surplus(user_id: str) -> None:
    """Keep the newest of a user's subscriptions, and none of a login that is over."""
    over = select(Login.id).where(Login.user_id == user_id, not_(Login.lives))
    _end(PushSubscription.login_id.in_(over))
    newest_first = PushSubscription.renewed_at.desc(), PushSubscription.id.desc()
    mine = select(PushSubscription.id).where(PushSubscription.user_id == user_id).order_by(*newest_first)
    surplus = db.session.scalars(mine.offset(current_settings().push_subscriptions)).all()
    if surplus:
        _end(PushSubscription.id.in_(surplus))


def _end(which: ColumnElement[bool]) -> None:
    """Delete subscriptions. They are locked in the order in which :func:`queries.lock_devices` does so."""
    ids = select(PushSubscription.id).where(which).order_by(PushSubscription.id).with_for_update()
    db.session.execute(delete(PushSubscription).where(PushSubscription.id.in_(db.session.scalars(ids).all())))
