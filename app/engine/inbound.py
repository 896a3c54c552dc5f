"""From what a client sends to what the application does: Socket.IO packets (protocol v5), read strictly.

Python-socketio forgives much, keeps a connection whose packets make no sense, and logs a traceback for each. Here what
is no packet, or none that a client may send now, ends its connection; Node's server does the same.
"""

import logging
import re
from collections.abc import Iterator
from functools import partial
from math import inf
from time import monotonic
from typing import Any

from socketio import packet as kinds

from app.engine.hub import Hub
from app.engine.transport import Engine, Malformed

logger = logging.getLogger(__name__)

RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})
MOST_ATTACHMENTS = 10
# Type, number of attachments, namespace and id. Python-socketio takes whatever Unicode has for a digit.
HEAD = re.compile(r"(?a:\d(?:\d+-)?(?:/[^,]*(?:,|\Z))?\d*)(?!\d)")
BINARY = (kinds.BINARY_EVENT, kinds.BINARY_ACK)
EVENTS = (kinds.EVENT, kinds.BINARY_EVENT)
ACKS = (kinds.ACK, kinds.BINARY_ACK)


class Inbound:
    """Handles the messages of the connections of a server.

    Attributes:
        auth_is_judged: whether somebody else refuses an ``auth`` that is no object, and says so in their own words.

    Args:
        server: the :class:`socketio.Server`, whose handling of messages it takes the place of.
        hub: its client manager.
        connect_seconds: that a client has to send its first CONNECT, and to be let in.
    """

    def __init__(self, server: Any, hub: Hub, connect_seconds: float) -> None:
        self._server = server
        self._engine: Engine = server.eio
        self._hub = hub
        self._connect_seconds = connect_seconds
        self.auth_is_judged = False
        self._connecting: set[str] = set()
        self._strangers: set[str] = set()  # connections that no namespace has let in yet
        self._engine.on("connect", self._connected)
        self._engine.on("message", self._message)
        self._engine.on("disconnect", self._disconnected)

    def _disconnected(self, eio_sid: str, reason: str) -> None:
        self._server._binary_packet.pop(eio_sid, None)
        self._strangers.discard(eio_sid)
        try:
            self._server._handle_eio_disconnect(eio_sid, reason)
        finally:  # a handler that raised would leave the socket in its rooms; who still connects is seen to there
            for namespace in self._hub.namespaces_of(eio_sid):
                if not self._hub.is_pre_connected(self._hub.sid_from_eio_sid(eio_sid, namespace) or "", namespace):
                    self._forget(eio_sid, namespace)
            self._server.environ.pop(eio_sid, None)

    def _connected(self, eio_sid: str, environ: dict[str, Any]) -> None:
        self._server._handle_eio_connect(eio_sid, environ)
        self._expect_connect(eio_sid)

    def _expect_connect(self, eio_sid: str) -> None:
        self._strangers.add(eio_sid)
        self._engine.wheel.add(monotonic() + self._connect_seconds, partial(self._end_stranger, eio_sid))

    def _end_stranger(self, eio_sid: str) -> None:
        connection = self._engine.sockets.get(eio_sid)
        if connection is not None and eio_sid in self._strangers and eio_sid not in self._connecting:
            connection.close_soon()

    def _message(self, eio_sid: str, data: str | bytes) -> None:
        packet = self._packet(eio_sid, data)
        if packet is None:  # its attachments are still to come
            return
        namespace = packet.namespace or "/"
        if packet.packet_type == kinds.CONNECT:
            self._connect(eio_sid, packet)
        elif packet.packet_type == kinds.DISCONNECT:
            self._server._handle_disconnect(eio_sid, namespace, self._server.reason.CLIENT_DISCONNECT)
        elif packet.packet_type in EVENTS:
            self._server._handle_event(eio_sid, namespace, packet.id, packet.data)
        else:
            self._server._handle_ack(eio_sid, namespace, packet.id, packet.data)

    def _connect(self, eio_sid: str, packet: Any) -> None:
        if not (packet.data is None or isinstance(packet.data, dict) or self.auth_is_judged):
            self._refuse(eio_sid, packet.namespace, "auth has to be an object")
            return
        if not self._is_known(packet.namespace or "/"):
            self._refuse(eio_sid, packet.namespace, "Invalid namespace")
            return
        self._connecting.add(eio_sid)
        try:
            self._server._handle_connect(eio_sid, packet.namespace, packet.data)
        except Exception:
            logger.exception("the handler of connect failed; the client is refused")
            self._forget(eio_sid, packet.namespace or "/")
            self._refuse(eio_sid, packet.namespace, "Internal error")
        finally:
            self._connecting.discard(eio_sid)
            if eio_sid not in self._engine.sockets:  # it went away meanwhile
                self._forget(eio_sid, packet.namespace or "/")
            elif self._hub.knows(eio_sid):
                self._strangers.discard(eio_sid)
            elif eio_sid in self._strangers:
                self._expect_connect(eio_sid)

    def _is_known(self, namespace: str) -> bool:
        server = self._server
        names = server.namespaces
        return names == "*" or any(namespace in known for known in (server.handlers, server.namespace_handlers, names))

    def _forget(self, eio_sid: str, namespace: str) -> None:
        sid = self._hub.sid_from_eio_sid(eio_sid, namespace)
        if sid is not None:
            self._hub.disconnect(sid, namespace)

    def _refuse(self, eio_sid: str, namespace: str | None, why: str) -> None:
        packet_class = self._server.packet_class
        self._server._send_packet(eio_sid, packet_class(kinds.CONNECT_ERROR, {"message": why}, namespace=namespace))

    # --- reading packets

    def _packet(self, eio_sid: str, data: str | bytes) -> Any:
        """The packet that ``data`` is or completes; None while attachments are missing.

        Raises:
            Malformed: it is none, or none that the client may send now.
        """
        try:
            packet, complete = self._read(eio_sid, data)
        except Malformed:
            raise
        except Exception as error:  # whatever python-socketio and the JSON library stumble over
            raise Malformed(f"no packet: {error}") from error
        if not complete:
            self._server._binary_packet[eio_sid] = packet
            return None
        return packet

    def _read(self, eio_sid: str, data: str | bytes) -> tuple[Any, bool]:
        packet = self._server._binary_packet.pop(eio_sid, None)
        if packet is None:
            if isinstance(data, bytes) and self._server.packet_class.uses_binary_events:
                raise Malformed("an attachment of nothing")
            if isinstance(data, str) and not HEAD.match(data):
                raise Malformed("no packet")
            packet = self._server.packet_class(encoded_packet=data)
            self._check(eio_sid, packet)
            return packet, not packet.attachment_count
        if isinstance(data, str):
            raise Malformed("text where an attachment is due")
        return packet, packet.add_attachment(data)

    def _check(self, eio_sid: str, packet: Any) -> None:
        kind, data, attachments = packet.packet_type, packet.data, packet.attachment_count
        if kind != kinds.CONNECT and self._hub.sid_from_eio_sid(eio_sid, packet.namespace or "/") is None:
            raise Malformed("from a client that is not connected")
        if kind in EVENTS:
            if not isinstance(data, list) or not data or not isinstance(data[0], str) or data[0] in RESERVED:
                raise Malformed("an event without a name of its own")
        elif kind in ACKS:
            if not isinstance(data, list) or packet.id is None:
                raise Malformed("an acknowledgement of nothing")
        elif kind not in (kinds.CONNECT, kinds.DISCONNECT):
            raise Malformed("a packet that clients don't send")
        if kind in BINARY:
            if not 1 <= attachments <= MOST_ATTACHMENTS or not all(number < attachments for number in _numbers(data)):
                raise Malformed("attachments that don't fit")
        elif attachments:
            raise Malformed("attachments where none belong")


def _numbers(data: Any) -> Iterator[float]:
    """The numbers of the attachments that ``data`` refers to; infinity for what is none."""
    waiting = [data]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            if item.get("_placeholder"):
                number = item.get("num")
                yield number if type(number) is int and number >= 0 else inf
            else:
                waiting += item.values()
