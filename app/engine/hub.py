"""This process's sockets and rooms: an envelope is encoded once and written to each socket that may hear it."""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from socketio import Manager

from app.engine.envelope import Envelope

logger = logging.getLogger(__name__)

EVENT = "42"  # Engine.IO MESSAGE, Socket.IO EVENT; the first digit is added by the transport
Tap = Callable[[Envelope], None]
Control = Callable[[Envelope], None]


class Hub(Manager):  # type: ignore[misc]  # python-socketio carries no types
    """Python-socketio's client manager, which also delivers envelopes.

    An event's last argument is its offset: the ``seq`` of the newest durable event that the hub has delivered, as text.
    A socket that asked for none (``without_offsets``) hears the payload alone, so a broadcast costs two encodings at
    the most.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seq = 0
        self.controls: dict[str, Control] = {}
        self._without_offsets: set[str] = set()
        self._taps: defaultdict[str, set[Tap]] = defaultdict(set)

    @property
    def offset(self) -> str:
        """Where a socket stands that has heard all there is, as clients carry it."""
        return str(self.seq)

    def begin_at(self, seq: int) -> None:
        """Say which durable event was the newest before this process began to deliver."""
        self.seq = seq

    # --- delivery

    def deliver(self, envelope: Envelope) -> None:
        """Write ``envelope`` to this process's sockets in its rooms; run its handler when it is a control message."""
        if envelope.seq is not None:
            self.seq = envelope.seq
        if envelope.is_control:
            self.controls[envelope.event](envelope)
            return
        for room in envelope.rooms:
            for tap in tuple(self._taps.get(room, ())):
                tap(envelope)
        for namespace in list(self.rooms):
            self._deliver_in(namespace, envelope)

    def _deliver_in(self, namespace: str, envelope: Envelope) -> None:
        packets: dict[bool, EnginePacket] = {}
        skipped = {sid for room in envelope.skip for sid, _ in self.get_participants(namespace, room)}
        for sid, eio_sid in self.get_participants(namespace, envelope.rooms):
            if sid in skipped:
                continue
            with_offset = sid not in self._without_offsets
            packet = packets.get(with_offset)
            if packet is None:
                packet = packets[with_offset] = self._encode(namespace, envelope, with_offset)
            self.server._send_eio_packet(eio_sid, packet)

    def _encode(self, namespace: str, envelope: Envelope, with_offset: bool) -> EnginePacket:
        prefix = "" if namespace == "/" else f"{namespace},"
        offset = f',"{self.offset}"' if with_offset else ""
        text = f"{EVENT[1]}{prefix}[{json.dumps(envelope.event)},{envelope.payload}{offset}]"
        return EnginePacket(MESSAGE, text)

    def leave_offsets_out(self, sid: str) -> None:
        """From now on the socket ``sid`` hears payloads without an offset behind them."""
        self._without_offsets.add(sid)

    # --- listeners in this process

    def tap(self, room: str, listener: Tap) -> Callable[[], None]:
        """Call ``listener`` with each envelope to ``room``, as if a socket were in it; returns what ends that."""
        self._taps[room].add(listener)

        def stop() -> None:
            self._taps[room].discard(listener)
            if not self._taps[room]:
                del self._taps[room]

        return stop

    # --- who is where

    def sockets_in(self, rooms: Iterable[str]) -> Iterator[tuple[str, str]]:
        """``(namespace, sid)`` of every socket of this process that is in one of ``rooms``."""
        wanted = tuple(rooms)
        for namespace in list(self.rooms):
            for sid, _ in self.get_participants(namespace, wanted):
                yield namespace, sid

    def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> Any:
        self._without_offsets.discard(sid)
        return super().disconnect(sid, namespace, **kwargs)
