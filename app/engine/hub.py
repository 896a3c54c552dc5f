"""This process's sockets and rooms: an envelope is encoded once and written to each socket that may hear it."""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from eventlet.event import Event
from socketio import Manager

from app.engine.envelope import Envelope
from app.engine.offsets import Offset
from app.engine.plain_calls import CONTROL, PlainCalls, Target
from app.engine.streams import Heard, Stream

logger = logging.getLogger(__name__)

EVENT = "2"  # the packet type; the transport puts the 4 of an Engine.IO message before it
Tap = Callable[[Envelope], None]
Control = Callable[[Envelope], None]


class Hub(Manager):  # type: ignore[misc]  # python-socketio carries no types
    """Python-socketio's client manager, which also delivers envelopes.

    An event's last argument is its offset: the ``seq`` of the newest durable event that the hub has delivered, as text.
    A socket that asked for none (:meth:`leave_offsets_out`) hears the payload alone, so a broadcast costs two encodings
    at the most.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seq = 0
        self.begun = Event()
        self.controls: dict[str, Control] = {}
        self._without_offsets: set[str] = set()
        self._held: dict[str, list[Envelope]] = {}
        self._replayed: dict[str, Offset] = {}
        self._streams: dict[str, Stream] = {}
        self._taps: defaultdict[str, set[Tap]] = defaultdict(set)
        self._plain_calls: PlainCalls | None = None

    @property
    def offset(self) -> str:
        """Where a socket stands that has heard all there is, as clients carry it."""
        return str(self.seq)

    def begin_at(self, seq: int) -> None:
        """Say which durable event was the newest before this process began to deliver; ``begun`` is set by that."""
        self.seq = seq
        if not self.begun.ready():
            self.begun.send()

    def pass_calls_on(self, publish: Callable[[Envelope], None]) -> None:
        """Have plain calls reach the other processes, too, by way of ``publish``."""
        self._plain_calls = PlainCalls(self, publish)
        self.controls[CONTROL] = self._plain_calls.deliver

    # --- delivery

    def deliver(self, envelope: Envelope) -> None:
        """Write ``envelope`` to this process's sockets in its rooms; run its handler when it is a control message."""
        if envelope.seq is not None:
            self.seq = envelope.seq
        if envelope.is_control:
            self._control(envelope)
            return
        logger.debug("emit %s seq=%s rooms=%s", envelope.event, envelope.seq, envelope.rooms)
        for room in envelope.rooms:
            for tap in tuple(self._taps.get(room, ())):
                tap(envelope)
        for namespace in list(self.rooms):
            self._deliver_in(namespace, envelope)

    def _control(self, envelope: Envelope) -> None:
        handler = self.controls.get(envelope.event)
        if handler is None:  # published by a newer version, say: what comes behind it must not wait for ever
            logger.error("no handler for the control message %s; it is passed over", envelope.event)
        else:
            handler(envelope)

    def _deliver_in(self, namespace: str, envelope: Envelope) -> None:
        packets: dict[str | None, EnginePacket] = {}
        skipped = {sid for room in envelope.skip for sid, _ in self.get_participants(namespace, room)}
        for sid, eio_sid in self.get_participants(namespace, envelope.rooms):
            if sid in skipped:
                continue
            if sid in self._held:
                self._keep(sid, envelope)
                continue
            offset = self._offset_for(sid, envelope)
            if sid in self._streams:
                self._streams[sid].write(Heard(envelope.event, envelope.payload, offset or ""))
                continue
            packet = packets.get(offset)
            if packet is None:
                packet = packets[offset] = encode(namespace, envelope, offset)
            self.server._send_eio_packet(eio_sid, packet)

    def _offset_for(self, sid: str, envelope: Envelope) -> str | None:
        if sid in self._without_offsets:
            return None
        replayed = self._replayed.get(sid)
        if replayed is not None:
            if envelope.seq is None and replayed.seq == self.seq:
                return str(replayed)  # the plain offset would say that the replay has not begun
            del self._replayed[sid]
        return self.offset

    def emit(self, event: str, data: Any, namespace: str, room: Target = None, **options: Any) -> None:
        """As ``socketio.Manager.emit``, and in every other process; not if ``ignore_queue`` or a callback is given."""
        super().emit(event, data, namespace, room=room, **options)
        if self._plain_calls is None or options.get("ignore_queue") or options.get("callback"):
            return
        if not isinstance(room, str) or self.eio_sid_from_sid(room, namespace) is None:  # else it was a socket of ours
            self._plain_calls.pass_emit_on(event, data, namespace, room, options.get("skip_sid"))

    def send(self, sid: str, namespace: str, envelope: Envelope, offset: Offset) -> None:
        """Write one event of the past to one socket, which then stands at ``offset``."""
        if sid in self._streams:
            self._streams[sid].write(Heard(envelope.event, envelope.payload, str(offset)))
            return
        eio_sid = self.eio_sid_from_sid(sid, namespace)
        if eio_sid is not None:
            text = None if sid in self._without_offsets else str(offset)
            self.server._send_eio_packet(eio_sid, encode(namespace, envelope, text))

    def leave_offsets_out(self, sid: str) -> None:
        """From now on the socket ``sid`` hears payloads without an offset behind them."""
        self._without_offsets.add(sid)

    # --- sockets that must hear something older first

    def hold(self, sid: str) -> None:
        """Keep what the socket ``sid`` would hear from now on, until :meth:`release`."""
        self._held[sid] = []

    def is_held(self, sid: str) -> bool:
        """Whether the socket ``sid`` is held."""
        return sid in self._held

    def release(self, sid: str, namespace: str, replayed: Offset | None = None) -> None:
        """Let a held socket hear what was kept, in order, and from now on what comes.

        Args:
            replayed: where it stands by now, if that is not simply the offset of the newest event it heard.
        """
        if replayed is not None and replayed.room is not None:
            self._replayed[sid] = replayed
        rooms = set(self.get_rooms(sid, namespace))
        for envelope in self._held.get(sid, ()):
            if envelope.seq is not None and not rooms.isdisjoint(envelope.rooms):
                self.send(sid, namespace, envelope, Offset(envelope.seq))
                self._replayed.pop(sid, None)
        self._held.pop(sid, None)  # last: after an error it hears nothing newer, which would move its offset past this

    def _keep(self, sid: str, envelope: Envelope) -> None:
        if envelope.seq is not None:  # an ephemeral event is worth nothing by the time of the release
            self._held[sid].append(envelope)

    # --- listeners in this process

    def tap(self, room: str, listener: Tap) -> Callable[[], None]:
        """Call ``listener`` with each envelope to ``room``, as if a socket were in it; returns what ends that."""
        self._taps[room].add(listener)

        def stop() -> None:
            self._taps[room].discard(listener)
            if not self._taps[room]:
                del self._taps[room]

        return stop

    def attach(self, sid: str, namespace: str, stream: Stream) -> None:
        """Add a socket ``sid`` whose events are written to ``stream``, which ends when it is disconnected."""
        self._streams[sid] = stream
        self.reserve(sid, sid, namespace)
        self.connect(sid, namespace)

    def streams(self) -> list[Stream]:
        """Every stream that is attached now."""
        return list(self._streams.values())

    # --- plain calls about sockets that may be another process's

    def can_disconnect(self, sid: str, namespace: str) -> bool:
        return not self._passed_on("disconnect", sid, namespace) and bool(super().can_disconnect(sid, namespace))

    def enter_room(self, sid: str, namespace: str, room: str, eio_sid: str | None = None) -> None:
        if not self._passed_on("enter_room", sid, namespace, room):
            super().enter_room(sid, namespace, room, eio_sid)

    def leave_room(self, sid: str, namespace: str, room: str) -> None:
        if not self._passed_on("leave_room", sid, namespace, room):
            super().leave_room(sid, namespace, room)

    def close_room(self, room: str, namespace: str) -> None:
        super().close_room(room, namespace)
        if self._plain_calls is not None:
            self._plain_calls.pass_on("close_room", room, namespace)

    def _passed_on(self, call: str, sid: str, namespace: str, *arguments: str) -> bool:
        """Pass a call on if there are other processes and the socket is none of ours; whether it was."""
        if self._plain_calls is None or self.eio_sid_from_sid(sid, namespace) is not None:
            return False
        self._plain_calls.pass_on(call, sid, namespace, *arguments)
        return True

    # --- who is where

    def reserve(self, sid: str, eio_sid: str, namespace: str) -> None:
        """Begin to connect the socket ``sid``, which the caller chose; as ``pre_connect``, which makes one up."""
        self.basic_enter_room(sid, namespace, None, eio_sid=eio_sid)
        self.basic_enter_room(sid, namespace, sid, eio_sid=eio_sid)
        pending = self.pending_connect.setdefault(namespace, [])
        if sid not in pending:  # else an older connection of the same session is still waiting to be accepted
            pending.append(sid)

    def sockets_in(self, rooms: Iterable[str]) -> Iterator[tuple[str, str]]:
        """``(namespace, sid)`` of every socket of this process that is in one of ``rooms``."""
        wanted = tuple(rooms)
        for namespace in list(self.rooms):
            for sid, _ in self.get_participants(namespace, wanted):
                yield namespace, sid

    def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> Any:
        self._without_offsets.discard(sid)
        self._held.pop(sid, None)
        stream = self._streams.pop(sid, None)
        if stream is not None:
            stream.close()
        self._replayed.pop(sid, None)
        return super().disconnect(sid, namespace, **kwargs)


def encode(namespace: str, envelope: Envelope, offset: str | None) -> EnginePacket:
    """``envelope`` as an EVENT packet of ``namespace``, with ``offset`` as the last argument unless it is None."""
    prefix = "" if namespace == "/" else f"{namespace},"
    last = "" if offset is None else f",{json.dumps(offset)}"
    return EnginePacket(MESSAGE, f"{EVENT}{prefix}[{json.dumps(envelope.event)},{envelope.payload}{last}]")
