"""A WebSocket client that sends what it is told, packet by packet."""

import socket
from collections import deque
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

TIMEOUT = 5.0  # seconds


class Closed(Exception):
    """The server has closed the connection."""


class RawSocket:
    """One connection to the Engine.IO endpoint of a server, over WebSocket."""

    def __init__(self, url: str) -> None:
        host = urlsplit(url).netloc
        self._tcp = socket.create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 80), TIMEOUT)
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._texts: deque[str] = deque()
        self._accepted = False
        self._tcp.sendall(self._ws.send(Request(host=host, target="/socket.io/?EIO=4&transport=websocket")))
        while not self._accepted:
            self._read()

    def send(self, packet: str) -> None:
        """Send one packet as a text message."""
        self._tcp.sendall(self._ws.send(TextMessage(packet)))

    def receive(self) -> str:
        """The next packet.

        Raises:
            Closed: there will be none.
            TimeoutError: none came in five seconds.
        """
        while not self._texts:
            self._read()
        return self._texts.popleft()

    def _read(self) -> None:
        data = self._tcp.recv(65536)
        if not data:
            raise Closed
        self._ws.receive_data(data)
        for event in self._ws.events():
            match event:
                case AcceptConnection():
                    self._accepted = True
                case TextMessage():
                    self._texts.append(event.data)
                case Ping():
                    self._tcp.sendall(self._ws.send(event.response()))
                case CloseConnection():
                    raise Closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tcp.close()
