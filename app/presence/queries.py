"""Who is there."""

from collections.abc import Collection

from app.extensions import socketio


def present(user_ids: Collection[str]) -> set[str]:
    """Those of ``user_ids`` who have a live connection that is not away."""
    return set(socketio.presence.of(user_ids))
