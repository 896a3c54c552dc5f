"""Plain calls, those of Flask-SocketIO: done here at once, and by a control message in every other process."""

import base64
import json
import secrets
from collections.abc import Callable
from threading import Thread
from typing import Any

from socketio import Manager
from socketio.packet import Packet

from app.engine.envelope import Envelope

CONTROL = "@call"

Target = str | list[str] | tuple[str, ...] | None
Call = Callable[..., object]


class PlainCalls:
    """Passes calls on to the other processes, and does here what they pass on.

    As ephemeral as plain emits are: lost while the broker is.

    Args:
        manager: the sockets of this process.
        publish: carries an envelope to every process, this one included.
    """

    def __init__(self, manager: Manager, publish: Callable[[Envelope], None]) -> None:
        self._manager = manager
        self._publish = publish
        self._process = secrets.token_hex(8)
        self._calls: dict[str, Call] = {
            "emit": self._emit,
            "disconnect": self._disconnect,
            "enter_room": self._enter_room,
            "leave_room": self._leave_room,
            "close_room": manager.basic_close_room,
        }

    def pass_on(self, call: str, *arguments: Any) -> None:
        """Have ``call`` made in every other process, with arguments that are JSON."""
        text = self._manager.server.packet_class.json.dumps([self._process, call, arguments])
        self._publish(Envelope(CONTROL, text, ()))

    def pass_emit_on(self, event: str, data: Any, namespace: str, room: Target, skip_sid: Target) -> None:
        """Have ``event`` emitted in every other process; the arguments are those of ``socketio.Manager.emit``."""
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        arguments, attachments = Packet.deconstruct_binary(arguments)
        encoded = [base64.b64encode(bytes(attachment)).decode() for attachment in attachments]
        self.pass_on("emit", event, (arguments, encoded), namespace, room, skip_sid)

    def deliver(self, envelope: Envelope) -> None:
        """Do here what another process passed on."""
        process, call, arguments = json.loads(envelope.payload)
        if process != self._process:
            self._calls[call](*arguments)

    def _emit(
        self, event: str, data: tuple[list[Any], list[str]], namespace: str, room: Target, skip_sid: Target
    ) -> None:
        arguments, encoded = data
        if encoded:
            arguments = Packet.reconstruct_binary(arguments, [base64.b64decode(text) for text in encoded])
        self._manager.emit_here(event, tuple(arguments), namespace, room, skip_sid)

    def _disconnect(self, sid: str, namespace: str) -> None:
        # Not in the reader's thread: an application's handler may take its time, and what comes behind it can't wait.
        options = {"namespace": namespace, "ignore_queue": True}
        Thread(target=self._manager.server.disconnect, args=(sid,), kwargs=options, daemon=True).start()

    def _enter_room(self, sid: str, namespace: str, room: str) -> None:
        if self._manager.is_connected(sid, namespace):
            self._manager.basic_enter_room(sid, namespace, room)

    def _leave_room(self, sid: str, namespace: str, room: str) -> None:
        if self._manager.is_connected(sid, namespace):
            self._manager.basic_leave_room(sid, namespace, room)
