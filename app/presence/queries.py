"""Who is there."""

from collections.abc import Collection
from contextlib import nullcontext

from app.engine import Presence
from app.events.models import processes, sessions
from app.extensions import db


def present(user_ids: Collection[str]) -> set[str]:
    """Those of ``user_ids`` who have a live connection that is not away."""
    return set(Presence(sessions, processes, lambda: nullcontext(db.session.connection())).of(user_ids))
