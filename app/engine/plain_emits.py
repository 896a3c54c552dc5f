"""Plain emits, those of Flask-SocketIO: delivered here at once, and by a control message in every other process."""

import base64
import json
import secrets
from collections.abc import Callable
from typing import Any

from socketio import Manager
from socketio.packet import Packet

from app.engine.envelope import Envelope

CONTROL = "@emit"

Target = str | list[str] | tuple[str, ...] | None


class PlainEmits:
    """Passes plain emits on to the other processes, and emits here what they pass on.

    Args:
        manager: the sockets of this process.
        publish: carries an envelope to every process, this one included.
    """

    def __init__(self, manager: Manager, publish: Callable[[Envelope], None]) -> None:
        self._manager = manager
        self._publish = publish
        self._process = secrets.token_hex(8)

    def pass_on(self, event: str, data: Any, namespace: str, room: Target, skip_sid: Target) -> None:
        """Have ``event`` emitted in every other process; the arguments are those of ``socketio.Manager.emit``."""
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        arguments, attachments = Packet.deconstruct_binary(arguments)
        payload = {
            "process": self._process,
            "event": event,
            "arguments": arguments,
            "attachments": [base64.b64encode(bytes(attachment)).decode() for attachment in attachments],
            "namespace": namespace,
            "room": room,
            "skip": skip_sid,
        }
        self._publish(Envelope(CONTROL, self._manager.server.packet_class.json.dumps(payload), ()))

    def deliver(self, envelope: Envelope) -> None:
        """Emit here what another process passed on."""
        payload = json.loads(envelope.payload)
        if payload["process"] == self._process:
            return
        arguments, attachments = payload["arguments"], [base64.b64decode(text) for text in payload["attachments"]]
        if attachments:
            arguments = Packet.reconstruct_binary(arguments, attachments)
        Manager.emit(
            self._manager,
            payload["event"],
            tuple(arguments),
            payload["namespace"],
            room=payload["room"],
            skip_sid=payload["skip"],
        )
