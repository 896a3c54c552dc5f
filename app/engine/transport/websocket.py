"""A WebSocket on a raw socket: written to directly, and read when the hub says that there is something to read.

No greenlet belongs to a connection. What is written goes out at once if nothing waits before it; what the socket does
not take waits in :class:`Unsent`, and leaves when the hub says that the socket is writable.
"""

import errno
import ssl
from collections.abc import Callable, Sequence
from socket import SHUT_WR
from typing import Any

from eventlet import hubs, sleep

from app.engine.transport import frames
from app.engine.transport.deflate import SMALLEST, decompress
from app.engine.transport.frames import Message, Parser, ProtocolError
from app.engine.transport.packets import Packet
from app.engine.transport.unsent import Unsent

AT_ONCE = 1 << 12  # bytes read in one turn: 700 of the smallest frames, which are handled in 5 ms
BLOCKED = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
ENDED_EVERY = 0.5  # seconds between two looks whether a connection has ended
TOO_SLOW = "the client reads too slowly"
CLOSING = 3.0  # seconds that the peer has to answer a CLOSE frame (RFC 6455, section 7.1.1)


class Turn:
    """The present turn of the hub, of which it is known only whether something was written in it."""

    __slots__ = ("_begun", "_late", "number")

    def __init__(self) -> None:
        self.number = 0
        self._begun = False
        self._late: list[WebSocket] = []

    def begin(self) -> int:
        """The number of this turn, in which something is to be written."""
        if not self._begun:
            self._begun = True
            hubs.get_hub().schedule_call_global(0, self._end)
        return self.number

    def flush_at_end(self, websocket: "WebSocket") -> None:
        self._late.append(websocket)

    def _end(self) -> None:
        self.number += 1
        self._begun = False
        late, self._late = self._late, []
        for websocket in late:
            websocket.flush()


TURN = Turn()


class WebSocket:
    """One connection, after its handshake.

    Attributes:
        turn: the last turn of the hub in which it was written to.
        receive: is told each message; it must not block.
        closing: whether a close was begun here.
        unsent: what waits to be written; None while nothing does.
        send: of the raw socket.

    Args:
        socket: a raw, non-blocking one, or one of TLS that behaves so.
        most: bytes of a message that comes in.
        most_unsent: bytes that may wait to be written.
        compressed: whether messages may be compressed, both ways.
        lost: is told, once, that the connection is no more, and why; it must not block.
    """

    __slots__ = (
        "_deaf",
        "_ended",
        "_listener",
        "_lost",
        "_most_unsent",
        "_parser",
        "_socket",
        "_timer",
        "_writing",
        "closing",
        "compressed",
        "receive",
        "send",
        "turn",
        "unsent",
    )

    def __init__(
        self,
        socket: Any,
        most: int,
        most_unsent: int,
        lost: Callable[["WebSocket", str], None],
        *,
        compressed: bool,
    ) -> None:
        self._socket = socket
        self.send = socket.send
        self.turn = -1
        self.unsent: Unsent | None = None
        self._most_unsent = most_unsent
        self.compressed = compressed
        self._parser = Parser(most, decompress if compressed else None)
        self.receive: Callable[[str | bytes], None] = _ignore
        self._lost = lost
        self._listener: Any = None
        self._writing: Any = None
        self.closing = False
        self._deaf = False
        self._ended = False
        self._timer: Any = None

    # --- writing

    def write(self, frame: bytes, *, replayed: bool = False) -> None:
        """Send a frame behind all that was written before; never blocks.

        What is written in the same turn of the hub leaves in one send. A client that lets too much wait is dropped.

        Args:
            replayed: as for :meth:`Bound.take`.
        """
        if self._ended or self.closing:
            return
        if self.unsent is not None:
            self._wait(frame, replayed=replayed)
            return
        if self.turn == TURN.begin():
            TURN.flush_at_end(self)
            self._wait(frame, replayed=replayed)
            return
        self.turn = TURN.number
        sent = self._try_to_send(frame)
        if sent is not None and sent < len(frame):
            self.wait_with(frame[sent:])

    def _try_to_send(self, data: bytes) -> int | None:
        """How many bytes the socket took; None when the connection turned out to be no more."""
        try:
            return int(self.send(data))
        except BLOCKED:
            return 0
        except OSError as error:
            self.end(_reason(error))
            return None

    def wait_with(self, rest: bytes) -> None:
        """Keep what the socket did not take, until it does."""
        self._wait(rest)
        self._write_when_possible()

    def _wait(self, frame: bytes, *, replayed: bool = False) -> None:
        if self.unsent is None:
            self.unsent = Unsent(self._most_unsent)
        if not self.unsent.add(frame, replayed=replayed):
            self.end(TOO_SLOW)

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
        if self._ended or self.unsent is None or self._writing is not None:
            return
        self._send_unsent()

    def _send_unsent(self) -> None:
        unsent = self.unsent
        while unsent:
            head = unsent.head()
            sent = self._try_to_send(head)
            if sent is None:
                return
            unsent.sent(sent)
            if sent < len(head):
                self._write_when_possible()
                return
        self.unsent = None
        if self._writing is not None:
            hubs.get_hub().remove(self._writing)
            self._writing = None
        if self.closing:
            self._end_writing()

    def _write_when_possible(self) -> None:
        if self._writing is None:
            self._writing = _listen(hubs.hub.WRITE, self._socket, self._send_when_writable, self._vanished)

    def _send_when_writable(self, _: int) -> None:
        self._send_unsent()

    # --- reading

    def start(self) -> None:
        """Read from now on. The hub remembers who calls this: call it from the hub, or that greenlet is kept alive."""
        if not self._ended and self._listener is None:
            self._listener = _listen(hubs.hub.READ, self._socket, self._read, self._vanished)
            self._read_what_tls_holds()

    def _read_what_tls_holds(self) -> None:
        """What TLS has read from the system and not given out yet, the hub does not know of."""
        pending = getattr(self._socket, "pending", None)
        if pending is not None and pending():
            hubs.get_hub().schedule_call_global(0, self._read, 0)

    def pause(self) -> None:
        """Read no more until :meth:`start`: the peer is to wait."""
        if self._listener is not None:
            hubs.get_hub().remove(self._listener)
            self._listener = None

    def _read(self, _: int) -> None:
        if self._listener is None:
            return
        try:
            data = self._socket.recv(AT_ONCE)
        except BLOCKED:
            return
        except OSError as error:
            self.end(_reason(error))
            return
        if not data:
            self.end("the client is gone")
        elif not self._deaf:
            self._parse(data)
        if self._listener is not None:
            self._read_what_tls_holds()

    def _parse(self, data: bytes) -> None:
        try:
            for message in self._parser.feed(data):
                self._handle(message)
                if self._ended:
                    return
        except ProtocolError as error:
            self._deaf = True  # what comes behind it means nothing
            self.close(error.code, str(error))
            self._tell_lost(f"not WebSocket: {error}")

    def _handle(self, message: Message) -> None:
        if message.opcode == frames.PING:
            self.write(frames.frame(frames.PONG, bytes(message.data)))  # type: ignore[arg-type]
        elif message.opcode == frames.CLOSE:
            self.write(frames.frame(frames.CLOSE, bytes(message.data)))  # type: ignore[arg-type]
            self._end_when_sent()
        elif message.opcode != frames.PONG and not self.closing:
            self.receive(message.data)

    def _end_when_sent(self) -> None:
        self.flush()
        self.end("the client closed it")

    # --- ending

    def close(self, code: int = frames.NORMAL, reason: str = "") -> None:
        """Say good-bye behind what was written, and end when the client has answered, or does not in :data:`CLOSING`.

        Nothing that comes from the client is handled any more.
        """
        if self.closing or self._ended:
            return
        self.write(frames.close_frame(code, reason))
        self.flush()
        self.closing = True
        if not self._ended:
            if self.unsent is None:
                self._end_writing()
            self._timer = hubs.get_hub().schedule_call_global(CLOSING, self.end, "the client did not answer a close")
            if self._listener is None:
                hubs.get_hub().schedule_call_global(0, self.start)

    def _end_writing(self) -> None:
        """Tell the client's TCP that nothing follows. To close the socket would reset it, and what was sent be lost."""
        self.send = _nobody
        self._deaf = self._deaf or hasattr(self._socket, "pending")  # of TLS, only ciphertext comes from now on
        try:
            self._socket.shutdown(SHUT_WR)
        except OSError:
            self.end("the client is gone")

    def end(self, why: str = "ended here") -> None:
        """Close the socket now, whatever waits."""
        if self._ended:
            return
        self._ended = True
        self.pause()
        if self._writing is not None:
            hubs.get_hub().remove(self._writing)
            self._writing = None
        if self._timer is not None:
            self._timer.cancel()
        self.unsent = None
        self._socket.close()
        self.send = _nobody
        self._tell_lost(why)

    def wait_until_ended(self) -> None:
        """Wait until the socket is closed. Only for one whose server would close it."""
        while not self._ended:
            sleep(ENDED_EVERY)

    def _vanished(self, _: BaseException | None = None) -> None:
        """The hub found that its file descriptor is none any more."""
        self.end("the client is gone")

    def _tell_lost(self, why: str) -> None:
        lost, self._lost = self._lost, _ignore
        lost(self, why)


def write_to_all(websockets: Sequence[WebSocket], packet: Packet) -> None:
    """Write one packet to many: as :meth:`WebSocket.write`, with what is the same for all done once."""
    if len(packet) >= SMALLEST:
        compressed = [websocket for websocket in websockets if websocket.compressed]
        if compressed:
            _write(compressed, packet.compressed_frame)
            websockets = [websocket for websocket in websockets if not websocket.compressed]
    _write(websockets, packet.frame)


def _write(websockets: Sequence[WebSocket], frame: bytes) -> None:
    turn, length = TURN.begin(), len(frame)
    # What WebSocket.write does, without its calls: they took 0.5 µs, of a delivery's 15.
    for websocket in websockets:
        if websocket.turn == turn or websocket.unsent is not None:
            websocket.write(frame)
            continue
        websocket.turn = turn
        try:
            sent = websocket.send(frame)
        except BLOCKED:
            sent = 0
        except OSError as error:
            websocket.end(_reason(error))
            continue
        if sent != length:
            websocket.wait_with(frame[sent:])


def _listen(kind: str, socket: Any, ready: Callable[[int], None], gone: Callable[..., None]) -> Any:
    return hubs.get_hub().add(kind, socket.fileno(), ready, gone, gone)


def _reason(error: OSError) -> str:
    return "the client is gone" if error.errno in (errno.EPIPE, errno.ECONNRESET) else str(error)


def _nobody(frame: bytes) -> int:
    return len(frame)


def _ignore(*_: object) -> None:
    pass
