"""Server-Sent Events: a channel as a plain HTTP answer, for ``EventSource`` and curl (WHATWG HTML, section 9.2)."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from flask import Response, current_app, request

from app.auth.guard import current_identity
from app.auth.tokens import Identity, revalidated
from app.chat import typists
from app.core.api import View, declare
from app.core.errors import TokenRevoked, Unavailable
from app.engine import Owner
from app.engine.client import Client
from app.engine.departures import end_when_silent, on_departure
from app.engine.streams import Heard, Stream
from app.events.base import Channel
from app.extensions import socketio
from app.realtime.lifecycle import admit

EVENT_STREAM = "text/event-stream"
IDLE = 15.0  # seconds without an event before a comment shows that the link is alive
RETRY = 2000  # milliseconds before a client comes back


def or_event_stream(channel: Channel) -> Callable[[View], View]:
    """Answer with the events of ``channel`` where ``text/event-stream`` is asked for, else with what the view says.

    Put it beneath the decorator that authenticates.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(*args: Any, **kwargs: Any) -> Any:
            best = request.accept_mimetypes.best_match(["application/json", EVENT_STREAM], "application/json")
            return _stream(channel, current_identity()) if best == EVENT_STREAM else view(*args, **kwargs)

        declare(answered, media_types=(EVENT_STREAM,))
        return answered

    return decorate


def _stream(channel: Channel, identity: Identity) -> Response:
    """The events that a socket in the channel's namespace would hear, as they come.

    With the header ``Last-Event-ID`` what was missed after it comes first; when the history does not reach back that
    far, ``event: gap`` does. The stream ends with the identity's token or login, as a socket does.

    A process that drains answers with a stream that ends at once: the client comes back, to another process. Told by a
    503, an ``EventSource`` would stay away for good.
    """
    if socketio.drain.begun:
        return current_app.response_class(f"retry: {RETRY}\n\n", mimetype=EVENT_STREAM)
    try:
        socketio.recovery.wait_until_begun()
    except TimeoutError as error:
        raise Unavailable("The database can't be reached now; try again.", retry_after=1) from error
    sid, source = socketio.server.eio.generate_id(), Stream(IDLE)
    client = _open(sid, source, channel, identity, request.headers.get("Last-Event-ID"))
    response = current_app.response_class(_lines(source, client), mimetype=EVENT_STREAM)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep them, too
    connection = request.environ["eventlet.input"].get_socket()
    end_when_silent(connection, socketio.server.eio.ping_timeout)
    stop_watching = on_departure(connection, source.close)

    @response.call_on_close
    def end() -> None:
        stop_watching()
        socketio.server.disconnect(sid, namespace=channel.namespace, ignore_queue=True)

    return response


def _open(sid: str, source: Stream, channel: Channel, identity: Identity, last: str | None) -> Client:
    """Connect ``source`` as a socket, whose client has recovered, unless the history doesn't reach back to ``last``."""
    recovery, namespace, owner = socketio.recovery, channel.namespace, Owner(identity.user.id, identity.login.id)
    client = recovery.follow(sid, namespace, owner, last) or recovery.begin(
        sid, namespace, owner, sid, recoverable=False
    )
    socketio.hub.attach(sid, namespace, source)
    try:
        admit(sid, namespace, lambda: revalidated(identity))
        client = recovery.accepted(client)
        _check_not_ended(client)
    except BaseException:
        socketio.server.disconnect(sid, namespace=namespace, ignore_queue=True)
        raise
    recovery.flush(sid)
    typists.tell_all_who_type(sid)
    return client


def _check_not_ended(client: Client) -> None:
    if client.refused is not None:
        raise TokenRevoked("This login was ended; log in again.")


def _lines(source: Stream, client: Client) -> Iterator[str]:
    yield f"retry: {RETRY}\nid: {client.heard}\n\n"  # where it begins: a reader that hears nothing goes on from there
    if not client.recovered:
        yield "event: gap\ndata: {}\n\n"
    for heard in source:
        yield ": still here\n\n" if heard is None else _message(heard)


def _message(heard: Heard) -> str:
    return f"id: {heard.offset}\nevent: {heard.event}\ndata: {heard.payload}\n\n"
