"""A way to a TCP server that can become a black hole: open to all appearances, and nothing comes through."""

import socket
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self


class TcpProxy:
    """Passes connections to a port of the loopback interface on, as a context manager.

    Attributes:
        port: where it listens.
    """

    def __init__(self, target: int) -> None:
        """
        :param target: the port of the server
        """
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._swallowing = False
        self._links: list[_Link] = []

    def black_hole(self) -> None:
        """Swallow what all connections carry, and accept new ones to do the same with."""
        self._swallowing = True
        for link in self._links:
            link.dead = True

    def heal(self) -> None:
        """Pass new connections on again. Those that fell into the hole stay there, and nobody tells their clients."""
        self._swallowing = False

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                self._links.append(_Link(client, self._target, dead=self._swallowing))

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # which wakes accept; close alone doesn't
        self._listener.close()
        for link in self._links:
            link.close()


class _Link:
    """A connection of a client, and the one to the server that belongs to it."""

    def __init__(self, client: socket.socket, target: int, *, dead: bool) -> None:
        self.dead = dead
        self._client = client
        self._server = socket.create_connection(("127.0.0.1", target))
        for source, sink in ((self._client, self._server), (self._server, self._client)):
            Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def close(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):  # it is closed already
                end.shutdown(socket.SHUT_RDWR)  # which wakes recv
            end.close()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):  # the other end was closed
            while data := source.recv(65536):
                if not self.dead:
                    sink.sendall(data)
        if source is self._client or not self.dead:
            self.close()
