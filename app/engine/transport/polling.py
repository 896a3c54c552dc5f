"""The long-polling side of a connection: packets wait for the client's next GET."""

from collections.abc import Iterator
from contextlib import contextmanager
from socket import MSG_PEEK
from typing import Any

from eventlet import hubs
from eventlet.event import Event

from app.engine.transport.packets import NOOP, Packet
from app.engine.transport.unsent import Bound


class Overlapping(Exception):
    """A second GET came while one was waiting, or a second POST while one was read."""


class Polling:
    """What a client that polls is to hear.

    Attributes:
        hurried: whether each GET is answered at once.
        left: whether the client was told that it is over.

    Args:
        most: bytes that may wait, as for :class:`app.engine.transport.unsent.Bound`.
    """

    __slots__ = ("_bound", "_last", "_most", "_packets", "_posting", "_woken", "hurried", "left")

    def __init__(self, most: int) -> None:
        self._packets: list[Packet] = []
        self._most = most
        self._bound = Bound(most)
        self._woken: Event | None = None  # while a GET waits
        self._last: Packet | None = None
        self.left = False
        self._posting = False
        self.hurried = False

    def write(self, packet: Packet, *, replayed: bool = False) -> bool:
        """Append a packet; False when too much waits already."""
        if not self._bound.take(len(packet), replayed=replayed):
            return False
        self._packets.append(packet)
        self._wake()
        return True

    def poll(self, socket: Any) -> list[Packet]:
        """Answer a GET: wait until there is something, and take it.

        Its last answer is not joined to others: socket.io-client 4.8 would hand on events before a CLOSE without
        noting their offsets, and hear them again after a recovery.

        Args:
            socket: of the request; when its client goes away, what comes is kept for the next GET.

        Raises:
            Overlapping: one is waiting already.
        """
        if self._woken is not None:
            raise Overlapping
        if not self._packets and self._last is None and not self.hurried:
            self._woken = Event()
            watch = Watch(socket, self._wake)
            try:
                self._woken.wait()
            finally:
                self._woken = None
                watch.stop()
            if watch.gone:
                return []
        packets = self.take()
        if not packets:
            self.left = self._last is not None
            packets = [self._last or Packet(NOOP)]
        return packets

    def take(self) -> list[Packet]:
        """All that waits; it is the caller's now."""
        packets, self._packets = self._packets, []
        self._bound = Bound(self._most)
        return packets

    def hurry(self) -> None:
        """Answer each GET at once: the client is about to change to WebSocket, and waits for its last poll."""
        self.hurried = True
        self._wake()

    @contextmanager
    def posting(self) -> Iterator[None]:
        """While the body of a POST is read.

        Raises:
            Overlapping: another one is being read.
        """
        if self._posting:
            raise Overlapping
        self._posting = True
        try:
            yield
        finally:
            self._posting = False

    def close(self, last: Packet) -> None:
        """Answer the next GET with ``last``, and the one before it with what waits."""
        self._last = last
        self._wake()

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.ready():
            self._woken.send()


class Watch:
    """Notices that the client of a request went away while nothing is read from it.

    Attributes:
        gone: whether it did.
    """

    def __init__(self, socket: Any, wake: Any) -> None:
        self.gone = False
        self._socket: Any = getattr(socket, "fd", None)  # of TLS nothing can be told without reading
        self._wake = wake
        self._listener: Any = None
        if self._socket is not None:
            self._listener = hubs.get_hub().add(
                hubs.hub.READ, self._socket.fileno(), self._look, self._lost, self._lost
            )

    def _look(self, _: int) -> None:
        try:
            self.gone = not self._socket.recv(1, MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            self.gone = True
        self.stop()  # its next request may be there already, which is none of ours to read
        if self.gone:
            self._wake()

    def _lost(self, _: BaseException | None = None) -> None:
        self.gone = True
        self._wake()

    def stop(self) -> None:
        if self._listener is not None:
            hubs.get_hub().remove(self._listener)
            self._listener = None
