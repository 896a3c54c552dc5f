"""``Idempotency-Key``: a POST that creates, sent twice, creates once and answers the same twice.

The key is stored in the transaction of the change, so that either both are there or neither. Failures are not kept.
It is stored first: a repeat that comes while the first request is under way waits there for how that one ends.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request
from sqlalchemy import String, Text, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.config import current_settings
from app.core.api import View, declare
from app.core.clock import UtcDateTime, now
from app.core.errors import Conflict, ValidationFailed
from app.core.transaction import transaction
from app.extensions import Model, db

LONGEST_KEY = 255  # characters
FORGOTTEN = 100  # old keys, of anybody, that one request removes at the most


class IdempotencyKey(Model):
    """A key that a user sent with a request to a path, and what it was answered; status 0 until then."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    path: Mapped[str] = mapped_column(String(255), primary_key=True)
    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)


def idempotent(view: View) -> View:
    """Honour the header ``Idempotency-Key``, per user and path, for as long as the setting says.

    Put it beneath the decorator that authenticates.

    Raises:
        Conflict: the key came before with another body.
        ValidationFailed: the key is longer than 255 characters.
    """

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(*args, **kwargs)
        if not 0 < len(key) <= LONGEST_KEY:
            raise ValidationFailed("The request is not valid.", {"Idempotency-Key": "takes 1 to 255 characters"})
        return _answer_once(key, lambda: view(*args, **kwargs))

    declare(once, idempotent=True)
    return once


def _answer_once(key: str, answer: Callable[[], Response]) -> Response:
    body_hash = hashlib.sha256(request.get_data()).hexdigest()
    old = now() - timedelta(hours=current_settings().idempotency_hours)
    with transaction():
        kept = _locked(key, body_hash)
        if kept.created_at < old:
            kept.status, kept.body_hash, kept.created_at = 0, body_hash, now()
        if kept.status:
            return _repeat(kept, body_hash)
        response = answer()
        kept.status, kept.answer = response.status_code, response.get_data(as_text=True)
        _forget_keys_before(old)
        return response


def _locked(key: str, body_hash: str) -> IdempotencyKey:
    """The row of a key: the one that is there, or a new one. It is this transaction's until that ends."""
    values = {"user_id": g.identity.user.id, "path": request.path, "key": key, "body_hash": body_hash}
    new = insert(IdempotencyKey).values(**values, status=0, answer="")
    same = new.on_conflict_do_update(index_elements=["user_id", "path", "key"], set_={"key": key})
    return db.session.scalars(same.returning(IdempotencyKey)).one()


def _repeat(kept: IdempotencyKey, body_hash: str) -> Response:
    if kept.body_hash != body_hash:
        raise Conflict("This Idempotency-Key came before with another body.")
    return current_app.response_class(kept.answer, status=kept.status, mimetype="application/json")


def _forget_keys_before(old: datetime) -> None:
    """Remove some keys that are older. Last in a transaction, so that nobody waits for it; it waits for nobody."""
    k = IdempotencyKey
    some = select(k.user_id, k.path, k.key).where(k.created_at < old).limit(FORGOTTEN).with_for_update(skip_locked=True)
    theirs = tuple_(k.user_id, k.path, k.key).in_(some)
    db.session.execute(delete(k).where(theirs).execution_options(synchronize_session=False))
