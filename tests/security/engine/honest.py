"""A client that means well, and goes on while another one does harm."""

import json
from contextlib import suppress
from threading import Thread
from time import monotonic
from types import TracebackType

from tests.security.engine.wire import WebSocket
from tests.support.background import Background

PAUSE = 0.005  # seconds between two round trips


class RoundTrips(Background):
    """Asks, waits for the acknowledgement, and asks again.

    Attributes:
        seconds: how long each round trip took.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._socket = WebSocket(port).connected()

    @property
    def p99(self) -> float:
        """The seconds that 99 % of the round trips took at the most."""
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]

    def _work(self) -> None:
        with self._socket:
            while not self._over.wait(PAUSE):
                began = monotonic()
                self._socket.ask(len(self.seconds))
                self.seconds.append(monotonic() - began)


class Flood(Background):
    """One socket that sends the same bytes over and over, and reads whatever comes back.

    Attributes:
        sent: the bytes so far.
    """

    TICK = 0.05  # seconds

    def __init__(self, ws: WebSocket, first: bytes, again: bytes, rate: int) -> None:
        """
        :param first: sent once, before the rest
        :param again: a whole number of frames
        :param rate: the bytes to send in a second, at the most
        """
        super().__init__()
        self.sent = 0
        self._ws = ws
        self._first = first
        self._chunk = again * max(1, int(rate * self.TICK) // len(again))
        self._reading = Thread(target=self._read, daemon=True)

    def _work(self) -> None:
        self._reading.start()
        self._ws.write(self._first)
        while not self._over.wait(self.TICK):
            with suppress(TimeoutError):  # the server took no more of it
                self._ws.write(self._chunk)
            self.sent += len(self._chunk)

    def _read(self) -> None:
        with suppress(TimeoutError):
            self._ws.rest()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ws.abort()
        super().__exit__(kind, error, trace)
        self._reading.join()
        self._ws.close()


class Listener(Background):
    """Hears `told` for as long as its block lasts.

    Attributes:
        payloads: what it heard, in order.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self.payloads: list[object] = []
        self._ws = WebSocket(port).connected()

    def _work(self) -> None:
        with self._ws:
            while not self._over.is_set():
                self._hear()

    def _hear(self) -> None:
        for packet in self._ws.heard(0.05):
            assert isinstance(packet, str)
            name, *arguments = json.loads(packet.removeprefix("42"))
            if name == "told":
                self.payloads.append(arguments[0])
