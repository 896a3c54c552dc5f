"""This process's sockets and rooms: an envelope is encoded once and written to each socket that may hear it."""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from eventlet import sleep
from eventlet.event import Event
from eventlet.semaphore import Semaphore
from socketio.packet import EVENT

from app.engine.envelope import Envelope
from app.engine.observer import Observer
from app.engine.offsets import Offset
from app.engine.plain_calls import CONTROL, PlainCalls, Target
from app.engine.rooms import MOST_DIRECT, Rooms, Socket
from app.engine.streams import Heard, Stream
from app.engine.transport import Packet, WebSocket, write_to_all

logger = logging.getLogger(__name__)

Tap = Callable[[Envelope], None]
Control = Callable[[Envelope], None]


class Hub(Rooms):
    """Python-socketio's client manager, which also delivers envelopes.

    An event's last argument is its offset: the ``seq`` of the newest durable event that the hub has delivered, as text.
    A socket that asked for none (:meth:`leave_offsets_out`) hears the payload alone, so a broadcast costs two encodings
    at the most.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seq = 0
        self.begun = Event()
        self.observer = Observer()
        self.controls: dict[str, Control] = {}
        self._without_offsets: set[str] = set()
        self._held: dict[str, list[Envelope]] = {}
        self._replayed: dict[str, Offset] = {}
        self._streams: dict[str, Stream] = {}
        self._taps: defaultdict[str, set[Tap]] = defaultdict(set)
        self._plain_calls: PlainCalls | None = None
        # A large room takes several turns of the hub. What comes meanwhile waits for it here, in order, and so does
        # whoever brought it: what one sends next, to one socket say, comes behind it.
        self._writing = Semaphore()

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
        """Write ``envelope`` to this process's sockets in its rooms; run its handler when it is a control message.

        Returns when it is written, behind what came before it. An error is the caller's: nobody else's delivery ends.
        """
        if envelope.is_control:
            self._note(envelope)
            self._control(envelope)
            return
        with self._writing:
            self._note(envelope)
            if logger.isEnabledFor(logging.DEBUG):
                self._log(envelope)
            if self._taps:
                for room in envelope.rooms:
                    for tap in tuple(self._taps.get(room, ())):
                        tap(envelope)
            written = sum([self._deliver_in(namespace, envelope) for namespace in list(self.rooms)])
            self.observer.delivered(envelope, written)

    def _note(self, envelope: Envelope) -> None:
        if envelope.seq is not None:
            self.seq = envelope.seq

    @staticmethod
    def _log(envelope: Envelope) -> None:
        cause = {"request_id": envelope.trace.cause} if envelope.trace and envelope.trace.cause else {}
        logger.debug("%s delivered", envelope.event, extra={"seq": envelope.seq, "rooms": envelope.rooms, **cause})

    def _control(self, envelope: Envelope) -> None:
        handler = self.controls.get(envelope.event)
        if handler is None:  # published by a newer version, say: what comes behind it must not wait for ever
            logger.error("no handler for the control message %s; it is passed over", envelope.event)
        else:
            handler(envelope)

    def _deliver_in(self, namespace: str, envelope: Envelope) -> int:
        """Returns to how many sockets."""
        direct = None if self._anyone_special or envelope.skip else self.direct(namespace, envelope.rooms)
        if direct is not None:
            write_to_all(direct, Encoded(namespace, envelope).packet(self.offset))
            return len(direct)
        written = 0
        encoded = Encoded(namespace, envelope)
        for some in self._in_turns(namespace, envelope.rooms, envelope.skip):
            usual = some
            if self._anyone_special:
                usual = []
                for socket in some:
                    if self._is_special(socket.sid):
                        self._deliver_specially(socket, envelope, encoded)
                    else:
                        usual.append(socket)
            self._send_to_all(usual, encoded.packet(self.offset))
            written += len(some)
        return written

    @property
    def _anyone_special(self) -> bool:
        return bool(self._held or self._without_offsets or self._streams or self._replayed)

    def _is_special(self, sid: str) -> bool:
        return sid in self._held or sid in self._without_offsets or sid in self._streams or sid in self._replayed

    def _deliver_specially(self, socket: Socket, envelope: Envelope, encoded: "Encoded") -> None:
        if socket.sid in self._held:
            self._keep(socket.sid, envelope)
            return
        offset = self._offset_for(socket.sid, envelope)
        if socket.sid in self._streams:
            self._streams[socket.sid].write(Heard(envelope.event, envelope.payload, offset or ""))
        else:
            self._send(socket, encoded.packet(offset))

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
        room, skip_sid = options.pop("to", None) or room, options.get("skip_sid")
        if options.get("callback") is not None:
            super().emit(event, data, namespace, room=room, **options)
            return
        alone = isinstance(room, str) and self.is_sid_room(namespace, room)
        self.emit_here(event, data, namespace, room, skip_sid)
        if self._plain_calls is not None and not alone and not options.get("ignore_queue"):
            self._plain_calls.pass_emit_on(event, data, namespace, room, skip_sid)

    def emit_here(self, event: str, data: Any, namespace: str, room: Target, skip_sid: Target) -> None:
        """Emit to the sockets of this process."""
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        encoded = self.server.packet_class(EVENT, namespace=namespace, data=[event, *arguments]).encode()
        packets = [Packet.message(part) for part in (encoded if isinstance(encoded, list) else [encoded])]
        alone = isinstance(room, str) and self.is_sid_room(namespace, room)
        with nullcontext() if alone else self._writing:  # one socket alone may be told why it is about to be closed
            self._emit(packets, namespace, _listed(room), _listed(skip_sid))

    def _emit(
        self, packets: Sequence[Packet], namespace: str, rooms: Collection[str] | None, skip: Collection[str] | None
    ) -> None:
        direct = None if skip else self.direct(namespace, rooms)
        if direct is not None:
            for packet in packets:
                write_to_all(direct, packet)
            return
        for some in self._in_turns(namespace, rooms, skip):
            for packet in packets:
                self._send_to_all(some, packet)

    def _in_turns(
        self, namespace: str, rooms: Collection[str] | None, skip: Collection[str] | None
    ) -> Iterator[list[Socket]]:
        """A thousand at a time, with a turn for others between; behind it, those that did not leave meanwhile."""
        sockets = self.members(namespace, rooms)
        if skip:
            skipped = {socket.sid for socket in self.members(namespace, skip)}
            sockets = [socket for socket in sockets if socket.sid not in skipped]
        for at in range(0, len(sockets), MOST_DIRECT):
            some = sockets[at : at + MOST_DIRECT]
            if at:
                sleep()
                some = [socket for socket in some if socket.is_in(rooms)]
            yield some

    def _send_to_all(self, sockets: Sequence[Socket], packet: Packet) -> None:
        direct: list[WebSocket] = []
        for socket in sockets:
            connection = socket.connection
            if connection is not None and connection.websocket is not None:
                direct.append(connection.websocket)
            else:
                self._send(socket, packet)
        write_to_all(direct, packet)

    def _send(self, socket: Socket, packet: Packet, *, replayed: bool = False) -> None:
        if socket.connection is not None:
            socket.connection.send(packet, replayed=replayed)
        else:  # Flask-SocketIO's test client takes the place of this call
            text = packet.data[1:] if isinstance(packet.data, str) else packet.data
            self.server._send_eio_packet(socket.eio_sid, EnginePacket(MESSAGE, text))

    def send(self, sid: str, namespace: str, envelope: Envelope, offset: Offset) -> None:
        """Write one event of the past to one socket, which then stands at ``offset``."""
        if sid in self._streams:
            self._streams[sid].write(Heard(envelope.event, envelope.payload, str(offset)))
            return
        socket = self.socket(sid, namespace)
        if socket is not None:
            text = None if sid in self._without_offsets else str(offset)
            self._send(socket, Encoded(namespace, envelope).packet(text), replayed=True)

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

    def wait_until_written(self) -> None:
        """Return when what is being delivered has reached every socket that it is for."""
        with self._writing:
            pass

    def release(self, sid: str, namespace: str, replay: Sequence[tuple[Envelope, Offset]] = ()) -> None:
        """Let a held socket hear ``replay`` and what was kept, of the rooms that it is in, and from now on what comes.

        What was kept and is not newer than where the replay begins comes first: the replay's offsets say that it was
        heard. It was being delivered when the socket was held.
        """
        rooms, kept = set(self.get_rooms(sid, namespace)), self._held.get(sid, [])
        begins = replay[0][1].seq if replay else self.seq
        durable = [(envelope, Offset(envelope.number)) for envelope in kept if envelope.seq is not None]
        before = [(envelope, offset) for envelope, offset in durable if offset.seq <= begins]
        for envelope, offset in (*before, *replay, *durable[len(before) :]):
            if not rooms.isdisjoint(envelope.rooms):
                self.send(sid, namespace, envelope, offset)
                self._replayed.pop(sid, None)
                if offset.room is not None:
                    self._replayed[sid] = offset
        self._held.pop(sid, None)  # behind that: after an error it hears nothing newer, which would move its offset on
        for envelope in kept:
            if envelope.seq is None and not rooms.isdisjoint(envelope.rooms):
                self.tell(sid, namespace, envelope)

    def tell(self, sid: str, namespace: str, envelope: Envelope) -> None:
        """Write an ephemeral event to one socket, as if it alone were in the rooms."""
        socket = self.socket(sid, namespace)
        if socket is not None:
            self._deliver_specially(socket, envelope, Encoded(namespace, envelope))

    def _keep(self, sid: str, envelope: Envelope) -> None:
        """What is ephemeral is worth nothing by the time of the release, but for the newest of something."""
        kept = self._held[sid]
        if envelope.seq is None:
            if envelope.pace is None:
                return
            kept[:] = [each for each in kept if each.pace is None or each.pace.key != envelope.pace.key]
        kept.append(envelope)

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

    def enter_room(self, sid: str, namespace: str, room: str, **_: Any) -> None:
        if not self._passed_on("enter_room", sid, namespace, room):
            super().enter_room(sid, namespace, room)

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

    def sockets_in(self, rooms: Iterable[str]) -> Iterator[tuple[str, str]]:
        """``(namespace, sid)`` of every socket of this process that is in one of ``rooms``."""
        wanted = tuple(rooms)
        for namespace in list(self.rooms):
            for socket in self.members(namespace, wanted):
                yield namespace, socket.sid

    def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> Any:
        self._without_offsets.discard(sid)
        self._held.pop(sid, None)
        stream = self._streams.pop(sid, None)
        if stream is not None:
            stream.close()
        self._replayed.pop(sid, None)
        return super().disconnect(sid, namespace, **kwargs)


class Encoded:
    """An envelope as an EVENT packet of ``namespace``, encoded once for each offset that it goes out with."""

    def __init__(self, namespace: str, envelope: Envelope) -> None:
        self._namespace = namespace
        self._envelope = envelope
        self._packets: dict[str | None, Packet] = {}

    def packet(self, offset: str | None) -> Packet:
        """With ``offset`` as the last argument, unless it is None."""
        packet = self._packets.get(offset)
        if packet is None:
            prefix = "" if self._namespace == "/" else f"{self._namespace},"
            last = "" if offset is None else f",{json.dumps(offset)}"
            event = f"[{json.dumps(self._envelope.event)},{self._envelope.payload}{last}]"
            packet = self._packets[offset] = Packet.message(f"{EVENT}{prefix}{event}")
        return packet


def _listed(target: Target) -> Collection[str] | None:
    return [target] if isinstance(target, str) else target
