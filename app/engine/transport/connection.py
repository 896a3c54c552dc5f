"""One Engine.IO session (protocol v4): over polling, over WebSocket, or over the one and then the other."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from engineio.base_server import BaseServer
from eventlet import Timeout, hubs, sleep, spawn_n

from app.engine.transport import packets
from app.engine.transport.complaints import EVERY
from app.engine.transport.inbox import End, Inbox
from app.engine.transport.packets import Malformed, Packet
from app.engine.transport.polling import Overlapping, Polling
from app.engine.transport.websocket import TOO_SLOW, WebSocket
from app.engine.transport.wheel import Wheel

logger = logging.getLogger(__name__)

SLICE = 0.005  # seconds that one client's messages are handled in a row before others have their turn
UPGRADE_SECONDS = 10.0  # from the handshake of the WebSocket to the packet that changes to it, as on Node.js
PING, CLOSE, NOOP = Packet(packets.PING), Packet(packets.CLOSE), Packet(packets.NOOP)
REASONS = BaseServer.reason
OURS = {REASONS.SERVER_DISCONNECT, REASONS.TRANSPORT_CLOSE}  # ends that a client did nothing for, and hears of


class Owner(Protocol):
    """What a connection belongs to.

    Attributes:
        wheel: calls who is due.
        ping_interval: seconds from a pong to the next ping.
        ping_timeout: seconds that a client has to answer one.
        most_unsent: bytes that may wait to be written to a client.
    """

    wheel: Wheel
    ping_interval: float
    ping_timeout: float
    most_unsent: int

    def handle(self, connection: "Connection", data: str | bytes) -> None:
        """Handle a message; Malformed ends the connection."""

    def ended(self, connection: "Connection", reason: str) -> None:
        """The connection is no more."""

    def complain(self, of: str) -> None:
        """A client broke the protocol."""

    def dropped(self) -> None:
        """A client reads too slowly, and is dropped."""


class Connection:
    """A client's connection, whichever way it comes.

    Messages are handled one after the other, in the order of their arrival, in a greenlet that lives as long as there
    are some. What a client sends faster than that waits in its own TCP connection.

    Attributes:
        sid: its id.
        session: what the application stores with it.
        closed: whether it is over.
        parting: whether it is over, and its client is still to hear so at its next poll.
        websocket: what it is written to; None while it polls.

    Args:
        sid: chosen by the caller.
        owner: who handles what comes.
    """

    __slots__ = (
        "_candidate",
        "_due",
        "_failed_at",
        "_inbox",
        "_owner",
        "_pinged",
        "_polling",
        "closed",
        "parting",
        "session",
        "sid",
        "websocket",
    )

    def __init__(self, sid: str, owner: Owner) -> None:
        self.sid = sid
        self.session: dict[str, Any] = {}
        self.closed = False
        self.parting = False
        self.websocket: WebSocket | None = None
        self._owner = owner
        self._polling: Polling | None = Polling(owner.most_unsent)
        self._candidate: WebSocket | None = None
        self._inbox: Inbox | None = None
        self._pinged = False
        self._failed_at = -EVERY
        self._due = owner.wheel.add(monotonic() + owner.ping_interval, self._ping)

    # --- sending

    def send(self, packet: Packet, *, replayed: bool = False) -> None:
        """Send a packet behind all that was sent before; never blocks. A client that is too slow is dropped."""
        if self.websocket is not None:
            self.websocket.write(_framed(packet, self.websocket), replayed=replayed)
        elif self._polling is not None and not self.closed and not self._polling.write(packet, replayed=replayed):
            self._lost(TOO_SLOW)

    # --- heartbeat

    def _ping(self) -> None:
        """Ask the client whether it is there; if it was asked and has not answered, it is not."""
        if self._pinged:
            self.close_soon(REASONS.PING_TIMEOUT)
            return
        self._pinged = True
        self._due = self._owner.wheel.add(monotonic() + self._owner.ping_timeout, self._ping)
        self.send(PING)

    def _pong(self) -> None:
        if self._pinged:
            self._pinged = False
            self._owner.wheel.discard(self._due, self._ping)
            self._due = self._owner.wheel.add(monotonic() + self._owner.ping_interval, self._ping)

    # --- receiving

    def receive(self, data: str | bytes) -> None:
        """Take one packet as it came; what it asks for happens in its turn.

        Raises:
            Malformed: it is none that a client may send now.
        """
        if isinstance(data, bytes) or data[:1] == packets.MESSAGE:
            self._enqueue(data if isinstance(data, bytes) else data[1:])
        elif data[:1] == packets.PONG:
            self._pong()
        elif data[:1] == packets.CLOSE:
            self._enqueue(End(REASONS.CLIENT_DISCONNECT))
        else:
            raise Malformed("no packet that a client may send")

    def _receive_frame(self, data: str | bytes) -> None:
        try:
            self.receive(packets.decode(data) if isinstance(data, str) else data)
        except Malformed as error:
            self._owner.complain(str(error))
            self.close_soon(REASONS.TRANSPORT_ERROR)

    def _enqueue(self, message: str | bytes | End) -> None:
        if self._inbox is None:
            self._inbox = Inbox()
            spawn_n(self._work, self._inbox)
        self._inbox.put(message)
        if self._inbox.is_full and self.websocket is not None and not self._inbox.stalled:
            self._inbox.stalled = True
            self.websocket.pause()

    def _work(self, inbox: Inbox) -> None:
        try:
            self._handle_all(inbox)
        finally:
            self._inbox = None
            inbox.let_go()

    def _handle_all(self, inbox: Inbox) -> None:
        began = monotonic()
        while inbox and not self.closed:
            message = inbox.take()
            if isinstance(message, End):
                self.close(abort=True, reason=message.reason)
                return
            self._handle(message)
            if inbox.stalled and not inbox.is_full and self.websocket is not None:
                inbox.stalled = False
                hubs.get_hub().schedule_call_global(0, self.websocket.start)
            if inbox and monotonic() - began > SLICE:
                sleep()
                began = monotonic()

    def _handle(self, data: str | bytes) -> None:
        try:
            self._owner.handle(self, data)
        except Malformed as error:
            self._owner.complain(str(error))
            self.close(reason=REASONS.TRANSPORT_ERROR)
        except (Exception, Timeout):  # a handler's own time limit, which it does not catch, is an error of its
            if self._is_news():  # a client can make a handler fail as often as it likes
                logger.exception("a message could not be handled")

    def _is_news(self) -> bool:
        now = monotonic()
        if now - self._failed_at < EVERY:
            return False
        self._failed_at = now
        return True

    # --- polling

    def poll(self, socket: Any) -> str:
        """The answer to a GET.

        Raises:
            Overlapping: another one waits; the connection is over.
        """
        assert self._polling is not None  # noqa: S101 - the caller looked
        found = self._polling.poll(socket)
        self.parting = self.parting and not self._polling.left
        return packets.encode_payload(found)

    def post(self, read: Callable[[], bytes]) -> None:
        """Take the packets of a POST, and wait until more could be taken.

        Args:
            read: reads its body, which may take a while.

        Raises:
            Overlapping: another one is being read; the connection is over.
            Malformed: there is something among them that is no packet.
        """
        assert self._polling is not None  # noqa: S101 - the caller looked
        with self._polling.posting():
            found = packets.decode_payload(read())
            if self.closed:
                raise Overlapping
            for data in found:
                self.receive(data)
            if self._inbox is not None:
                self._inbox.wait_for_room()

    @property
    def polls(self) -> bool:
        """Whether it is over polling as yet."""
        return self._polling is not None

    # --- WebSocket

    def open(self, websocket: WebSocket) -> None:
        """Use ``websocket`` from the start."""
        self._polling = None
        self.websocket = websocket
        websocket.receive = self._receive_frame

    @property
    def may_upgrade(self) -> bool:
        """Whether it polls, and tries no WebSocket as yet."""
        return self._polling is not None and self._candidate is None and not self.closed

    def upgrade(self, websocket: WebSocket) -> None:
        """Change to ``websocket`` once the client has tried it: ``2probe``, answered with ``3probe``, then ``5``."""
        self._candidate = websocket
        websocket.receive = self._try
        hubs.get_hub().schedule_call_global(UPGRADE_SECONDS, self._give_up, websocket)

    def _try(self, data: str | bytes) -> None:
        websocket, polling = self._candidate, self._polling
        if websocket is None or polling is None:
            return
        if data == packets.PING + packets.PROBE and not polling.hurried:
            websocket.write(Packet(packets.PONG + packets.PROBE).frame)
            polling.hurry()
        elif data == packets.UPGRADE and polling.hurried:
            self.open(websocket)
            self._candidate = None
            polling.close(NOOP)
            for packet in polling.take():
                websocket.write(_framed(packet, websocket), replayed=True)
        else:
            websocket.end("not the packets of an upgrade")

    def _give_up(self, websocket: WebSocket) -> None:
        if self._candidate is websocket:
            websocket.end("the client did not change to it")

    def lost(self, websocket: WebSocket, why: str) -> None:
        """A WebSocket is no more: it was the connection, or was to become it."""
        if websocket is self.websocket:
            self._lost(why)
        elif websocket is self._candidate:
            self._candidate = None
            if self._polling is not None:
                self._polling.hurried = False

    # --- ending

    def _lost(self, why: str) -> None:
        """End, behind what the client had sent before; may be called from the hub."""
        logger.debug("%s: %s", self.sid, why)
        if not self.closed:
            self._enqueue(End(REASONS.TRANSPORT_CLOSE))
            if why == TOO_SLOW:
                self._owner.dropped()

    def close_soon(self, reason: str = REASONS.SERVER_DISCONNECT) -> None:
        """As :meth:`close`, from where nothing may block."""
        spawn_n(self.close, reason=reason)

    def close(self, *, abort: bool = False, reason: str = REASONS.SERVER_DISCONNECT) -> None:
        """End the connection; the application's handler runs in the calling greenlet.

        Args:
            abort: drop it as it is; else what was sent arrives, and the client is told.
            reason: for that handler.
        """
        if self.closed:
            return
        self.closed = True
        self._owner.wheel.discard(self._due, self._ping)
        if self._inbox is not None:
            self._inbox.let_go()
        if self._candidate is not None:
            self._candidate.end()
        if self._polling is not None:
            self.parting = not abort and reason in OURS
            self._polling.close(CLOSE if reason != REASONS.CLIENT_DISCONNECT else NOOP)
        if self.websocket is not None:
            if abort and not self.websocket.closing:
                self.websocket.end()
            else:
                self.websocket.close()
        self._owner.ended(self, reason)


def _framed(packet: Packet, websocket: WebSocket) -> bytes:
    return packet.compressed_frame if websocket.compressed else packet.frame
