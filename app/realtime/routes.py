"""``/ws/<channel>``: what each of the four channels offers, for programs and for Swagger."""

from flask import Blueprint

from app.auth.guard import authenticated, authenticated_or_signed_in, current_user
from app.core.api import fails, query, returns, tagged
from app.events.base import Channel
from app.events.commands import JoinAnalytics, JoinChat, JoinNotifications, JoinRoom, JoinTasks
from app.events.registry import events_of
from app.realtime.history import CatchUpQuery, PastEvents, past_events
from app.realtime.schemas import Descriptor
from app.realtime.sse import or_event_stream

bp = Blueprint("realtime", __name__)


def _describe(channel: Channel, join: type[JoinRoom]) -> Descriptor:
    own = None if channel is Channel.CHAT else join.kind.room(current_user().id)
    return Descriptor(
        namespace=channel.namespace,
        join_event=join.name,
        room=own,
        events=[event.name for event in events_of(channel)],
        health="/ws/health",
    )


@bp.get("/ws/notifications")
@authenticated_or_signed_in
@tagged("REAL-TIME")
@or_event_stream(Channel.NOTIFICATIONS)
@returns(Descriptor)
def notifications() -> Descriptor:
    """One's notifications: how to hear them, or with ``Accept: text/event-stream`` the events themselves."""
    return _describe(Channel.NOTIFICATIONS, JoinNotifications)


@bp.get("/ws/chat")
@authenticated_or_signed_in
@tagged("REAL-TIME")
@or_event_stream(Channel.CHAT)
@returns(Descriptor)
def chat() -> Descriptor:
    """The conversations that one takes part in: how to hear them, or as an event stream."""
    return _describe(Channel.CHAT, JoinChat)


@bp.get("/ws/tasks")
@authenticated_or_signed_in
@tagged("REAL-TIME")
@or_event_stream(Channel.TASKS)
@returns(Descriptor)
def tasks() -> Descriptor:
    """The tasks that one created or is assigned: how to hear them, or as an event stream."""
    return _describe(Channel.TASKS, JoinTasks)


@bp.get("/ws/analytics")
@authenticated_or_signed_in
@tagged("REAL-TIME")
@or_event_stream(Channel.ANALYTICS)
@returns(Descriptor)
def analytics() -> Descriptor:
    """One's metrics, as they change: how to hear them, or as an event stream."""
    return _describe(Channel.ANALYTICS, JoinAnalytics)


@bp.get("/api/events")
@authenticated
@tagged("Realtime")
@query(CatchUpQuery)
@fails(404)
@returns(PastEvents)
def events(query: CatchUpQuery) -> PastEvents:
    """What was published to a room: to catch up after a gap, or without a socket."""
    return past_events(current_user(), query)
