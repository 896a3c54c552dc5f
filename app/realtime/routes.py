"""``/ws/<channel>``: what each of the four channels offers, for programs and for Swagger."""

from flask import Blueprint, Response, request

from app.auth.guard import authenticated, authenticated_or_signed_in, current_identity, current_user
from app.core.api import declare, produces, query, reply, returns, tagged
from app.events.base import Channel
from app.events.commands import JoinAnalytics, JoinChat, JoinNotifications, JoinRoom, JoinTasks
from app.events.registry import events_of
from app.realtime.history import HistoryQuery, PastEvents, past_events
from app.realtime.schemas import Descriptor
from app.realtime.sse import stream

bp = Blueprint("realtime", __name__)


def _channel(channel: Channel, join: type[JoinRoom]) -> Response:
    """The channel's events where they are asked for, else its descriptor."""
    best = request.accept_mimetypes.best_match(["application/json", "text/event-stream"], "application/json")
    if best == "text/event-stream":
        return stream(channel, current_identity())
    return reply(_describe(channel, join))


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
@produces("text/event-stream")
def notifications() -> Response:
    """One's notifications: how to hear them, or with ``Accept: text/event-stream`` the events themselves."""
    return _channel(Channel.NOTIFICATIONS, JoinNotifications)


@bp.get("/ws/chat")
@authenticated_or_signed_in
@tagged("REAL-TIME")
@produces("text/event-stream")
def chat() -> Response:
    """The conversations that one takes part in: how to hear them, or as an event stream."""
    return _channel(Channel.CHAT, JoinChat)


@bp.get("/ws/tasks")
@authenticated_or_signed_in
@tagged("REAL-TIME")
@produces("text/event-stream")
def tasks() -> Response:
    """The tasks that one created or is assigned: how to hear them, or as an event stream."""
    return _channel(Channel.TASKS, JoinTasks)


@bp.get("/ws/analytics")
@authenticated_or_signed_in
@tagged("REAL-TIME")
@produces("text/event-stream")
def analytics() -> Response:
    """One's metrics, as they change: how to hear them, or as an event stream."""
    return _channel(Channel.ANALYTICS, JoinAnalytics)


@bp.get("/api/events")
@authenticated
@tagged("Realtime")
@query(HistoryQuery)
@returns(PastEvents)
def events(query: HistoryQuery) -> PastEvents:
    """What was published to a room: to catch up after a gap, or without a socket."""
    return past_events(current_user(), query)


for view in (notifications, chat, tasks, analytics):
    declare(view, response=Descriptor)
