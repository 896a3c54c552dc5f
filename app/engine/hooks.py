"""Where the engine takes the place of private parts of python-socketio 5.18 and python-engineio 4.15: both pinned."""

import logging
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from engineio import base_socket
from engineio import socket as engineio_socket

from app.engine.handshake import Handshake
from app.engine.recovery import Recovery

logger = logging.getLogger(__name__)

RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})

ack_wanted: ContextVar[bool] = ContextVar("ack_wanted", default=False)
"""Whether the client asked for an acknowledgement of the command that is being handled."""


def time_pings_by_the_monotonic_clock() -> None:
    """Let a wall clock that jumps ahead between a ping and its pong drop nobody, and one that jumps back keep nobody.

    Python-engineio asks ``time.time()`` how long a client has not answered.
    """
    for module in (base_socket, engineio_socket):
        module.time = SimpleNamespace(time=time.monotonic)


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


class MalformedPacket(ValueError):
    """What a client sent is no packet."""


def refuse_malformed_packets(server: Any) -> None:
    """Drop a client that sends what is no packet, with a line in the log; Node's server does, too.

    Python-socketio would log a traceback for each, and keep a client that may not even have logged in.
    """
    handle = server.eio.handlers["message"]

    class Packet(server.packet_class):  # type: ignore[misc]  # which class it is, the options say
        def decode(self, encoded_packet: Any) -> Any:
            try:
                return super().decode(encoded_packet)
            except Exception as error:
                raise MalformedPacket(str(error)) from error

    def message(eio_sid: str, data: Any) -> None:
        try:
            handle(eio_sid, data)
        except MalformedPacket as error:
            logger.warning("a client sent what is no packet (%s); it is dropped", error)
            server.eio.disconnect(eio_sid)

    server.packet_class = Packet
    server.eio.on("message", message)


def refuse_reserved_events(server: Any) -> None:
    """Drop a client that sends an event which is none; Node's parser does, too.

    Python-socketio would run the application's handlers of connect and disconnect.
    """
    handle = server._handle_event

    def handle_event(eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        if isinstance(data, list) and data and isinstance(data[0], str) and data[0] not in RESERVED:
            handle(eio_sid, namespace, id, data)
            return
        logger.warning("a client sent an event without a name, or with a reserved one; it is dropped")
        server.eio.disconnect(eio_sid)

    server._handle_event = handle_event


def refuse_compression(server: Any) -> None:
    """Accept no permessage-deflate (RFC 7692), which every client offers; nor does Socket.IO on Node.js, unless told.

    Each event would be compressed anew for each client, and inflated there off its main thread: 500 events that one
    client had missed took 30 ms of processor time with it and 20 ms without.
    """
    handle = server.eio.handle_request

    def handle_request(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        answer: Iterable[bytes] = handle(environ, start_response)
        return answer

    server.eio.handle_request = handle_request


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
