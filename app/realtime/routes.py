"""``/ws/<channel>``: what each of the four channels offers, for programs and for Swagger."""

from flask import Blueprint

from app.auth.guard import authenticated, current_user
from app.core.api import returns, tagged
from app.events.base import Channel
from app.events.commands import JoinAnalytics, JoinChat, JoinNotifications, JoinRoom, JoinTasks
from app.events.registry import events_of
from app.realtime.schemas import Descriptor

bp = Blueprint("realtime", __name__, url_prefix="/ws")


def _describe(channel: Channel, join: type[JoinRoom]) -> Descriptor:
    own = None if channel is Channel.CHAT else join.kind.room(current_user().id)
    return Descriptor(
        namespace=channel.namespace,
        join_event=join.name,
        room=own,
        events=[event.name for event in events_of(channel)],
        health="/ws/health",
    )


@bp.get("/notifications")
@authenticated
@tagged("REAL-TIME")
@returns(Descriptor)
def notifications() -> Descriptor:
    """One's notifications: new, read, deleted."""
    return _describe(Channel.NOTIFICATIONS, JoinNotifications)


@bp.get("/chat")
@authenticated
@tagged("REAL-TIME")
@returns(Descriptor)
def chat() -> Descriptor:
    """The conversations that one takes part in."""
    return _describe(Channel.CHAT, JoinChat)


@bp.get("/tasks")
@authenticated
@tagged("REAL-TIME")
@returns(Descriptor)
def tasks() -> Descriptor:
    """The tasks that one created or is assigned."""
    return _describe(Channel.TASKS, JoinTasks)


@bp.get("/analytics")
@authenticated
@tagged("REAL-TIME")
@returns(Descriptor)
def analytics() -> Descriptor:
    """One's metrics, as they change."""
    return _describe(Channel.ANALYTICS, JoinAnalytics)
