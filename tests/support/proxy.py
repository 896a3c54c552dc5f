"""A TCP proxy on a port of its own, for links that fail in ways that a closed connection doesn't show."""

import random
import socket
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Literal, Self

CHUNK = 65536  # bytes
CONNECT_SECONDS = 5.0

Mode = Literal["pass", "black_hole"]
"""`pass`: forwards. `black_hole`: swallows what is sent and closes nothing; the target hears of no new link."""


class Proxy:
    """Forwards TCP connections to a port of the loopback interface, as a context manager.

    Attributes:
        port: where it listens.
        url: the same, as the address of a server.
        mode: of links that are opened from now on; those that are open keep theirs, see `black_hole`.
    """

    def __init__(self, port: int) -> None:
        """
        :param port: where to
        """
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.mode: Mode = "pass"
        self._links: dict[_Link, Thread] = {}

    def black_hole(self) -> None:
        """From now on every link is dead, and neither side is told."""
        self.mode = "black_hole"
        for link in tuple(self._links):
            link.mode = "black_hole"

    def cut(self, count: int) -> None:
        """Close some of the open links, or all if there are fewer, whatever is under way on them."""
        links = tuple(self._links)
        for link in random.sample(links, min(count, len(links))):
            link.end()

    @property
    def held(self) -> int:
        """How many connections the target keeps open."""
        return sum(link.held for link in tuple(self._links))

    def _accept(self) -> None:
        with suppress(OSError):  # ended by __exit__
            while True:
                link = _Link(self._listener.accept()[0], self.mode)
                self._links[link] = Thread(target=self._serve, args=(link,), daemon=True)
                self._links[link].start()

    def _serve(self, link: "_Link") -> None:
        try:
            link.serve(self._target)
        finally:
            del self._links[link]

    def __enter__(self) -> Self:
        self._accepting = Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for link, serving in tuple(self._links.items()):
            link.end()
            serving.join()


class _Link:
    """One connection, from the client and on to the target.

    Attributes:
        mode: what becomes of the bytes.
        held: whether the target keeps its end open.
    """

    def __init__(self, client: socket.socket, mode: Mode) -> None:
        self._client = client
        self._target = socket.socket()
        self.mode = mode
        self.held = False

    def serve(self, address: tuple[str, int]) -> None:
        """Forward until both directions have ended."""
        with self._client, self._target:
            if self.mode == "black_hole":
                self._pump(self._client, self._target)
                return
            try:
                self._target.settimeout(CONNECT_SECONDS)
                self._target.connect(address)
                self._target.settimeout(None)
            except OSError:  # nobody listens: a client sees that as a connection that ends at once
                return
            self.held = True
            upwards = Thread(target=self._pump, args=(self._client, self._target), daemon=True)
            upwards.start()
            self._pump(self._target, self._client)
            self.held = False
            upwards.join()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        """Forward one direction until it ends; then the other one ends, too, unless all falls into a black hole."""
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if self.mode == "pass":
                    sink.sendall(data)
        if self.mode == "pass":
            self.end()

    def end(self) -> None:
        """Wake the threads that read either end, and with that close both."""
        for end in (self._client, self._target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
