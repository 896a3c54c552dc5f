"""Where the engine takes the place of private parts of python-socketio 5.18: pinned."""

from contextvars import ContextVar
from typing import Any

from app.engine.handshake import Handshake
from app.engine.recovery import Recovery

ack_wanted: ContextVar[bool] = ContextVar("ack_wanted", default=False)
"""Whether the client asked for an acknowledgement of the command that is being handled."""


def tell_handlers_of_acks(server: Any) -> None:
    """Set :data:`ack_wanted` by the packet's id, which python-socketio keeps from handlers."""
    handle = server._handle_event_internal

    def handle_event(*arguments: Any) -> None:
        packet_id = arguments[-1]
        token = ack_wanted.set(packet_id is not None)
        try:
            handle(*arguments)
        finally:
            ack_wanted.reset(token)

    server._handle_event_internal = handle_event


def recover(server: Any, handshake: Handshake, recovery: Recovery) -> None:
    """Let ``handshake`` handle CONNECT packets, and ``recovery`` know of what ends and what was handled."""
    trigger, handle = server._trigger_event, server._handle_event_internal
    lose = server.eio.handlers["disconnect"]
    good_byes = {server.reason.CLIENT_DISCONNECT, server.reason.SERVER_DISCONNECT}
    losing: set[str] = set()

    def lost(eio_sid: str, reason: str) -> None:
        losing.add(eio_sid)  # whatever the reason: a transport that ends is no good-bye
        try:
            lose(eio_sid, reason)
        finally:
            losing.discard(eio_sid)

    def trigger_event(event: str, namespace: str, sid: str, *arguments: Any) -> Any:
        if event == "disconnect":
            said = arguments[0] in good_byes and server.manager.eio_sid_from_sid(sid, namespace) not in losing
            recovery.disconnected(sid, arguments[0], for_good=said)
        return trigger(event, namespace, sid, *arguments)

    def handle_event(inner: Any, sid: str, *arguments: Any) -> None:
        try:
            handle(inner, sid, *arguments)
        finally:
            recovery.flush(sid)  # what a join with `since` is to hear comes behind its acknowledgement

    server.eio.on("disconnect", lost)
    server._handle_connect = handshake.connect
    server._trigger_event = trigger_event
    server._handle_event_internal = handle_event
