"""``Idempotency-Key``: a POST that creates, sent twice, creates once and answers the same twice.

The key is stored in the transaction of the change, so that either both are there or neither. Failures are not kept.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request
from sqlalchemy import String, Text, delete
from sqlalchemy.orm import Mapped, mapped_column

from app.config import current_settings
from app.core.api import View, declare
from app.core.clock import UtcDateTime, now
from app.core.errors import Conflict, ValidationFailed
from app.core.transaction import transaction
from app.extensions import Model, db

LONGEST_KEY = 255  # characters


class IdempotencyKey(Model):
    """A key that a user sent with a request to a path, and what it was answered."""

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
        Conflict: the key came before with another body, or another request with it committed meanwhile.
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
    user_id = g.identity.user.id
    body_hash = hashlib.sha256(request.get_data()).hexdigest()
    with transaction():
        _forget_old_keys()
        kept = db.session.get(IdempotencyKey, (user_id, request.path, key))
        if kept is not None:
            return _repeat(kept, body_hash)
        response = answer()
        row = IdempotencyKey(user_id=user_id, path=request.path, key=key, body_hash=body_hash)
        row.status, row.answer = response.status_code, response.get_data(as_text=True)
        db.session.add(row)
        return response


def _repeat(kept: IdempotencyKey, body_hash: str) -> Response:
    if kept.body_hash != body_hash:
        raise Conflict("This Idempotency-Key came before with another body.")
    return current_app.response_class(kept.answer, status=kept.status, mimetype="application/json")


def _forget_old_keys() -> None:
    lifetime = timedelta(hours=current_settings().idempotency_hours)
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now() - lifetime))
