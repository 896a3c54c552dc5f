"""Pushes by the thousand, put into the queue of an application at once."""

from datetime import timedelta

from sqlalchemy import insert

from app.auth.models import Login
from app.core.clock import now
from app.core.ids import new_id
from app.extensions import db
from app.people.models import User
from app.push.models import PushSubscription, QueuedPush, Subject


def fill(users: int) -> None:
    """A push that is due for each of so many more users."""
    ids = [new_id() for _ in range(users)]
    soon = now() + timedelta(days=1)
    person = {"name": "-", "password_hash": "-", "role": "member", "active": True}
    keys = {"p256dh": "-", "auth": "-"}
    db.session.execute(insert(User), [person | {"id": id, "email": f"{id}@example.com"} for id in ids])
    db.session.execute(insert(Login), [{"id": id, "user_id": id, "expires_at": soon} for id in ids])
    devices = [keys | {"id": id, "user_id": id, "login_id": id, "endpoint": f"https://-/{id}"} for id in ids]
    db.session.execute(insert(PushSubscription), devices)
    put_in(ids, "-", ["-"])


def put_in(subscription_ids: list[str], notification_id: str, tags: list[str]) -> None:
    """Pushes that have been due for a second: one with each tag to each device."""
    push = {"room": "-", "subject": Subject.NOTIFICATION, "subject_id": notification_id, "attempts": 0}
    push["due_at"] = now() - timedelta(seconds=1)
    pushes = [push | {"id": new_id(), "subscription_id": id, "tag": tag} for tag in tags for id in subscription_ids]
    db.session.execute(insert(QueuedPush), pushes)
    db.session.commit()
