"""A client that polls, request by request."""

import json
import socket
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.security.engine.wire import RESET, TIMEOUT

SEPARATOR = "\x1e"


class Answer(NamedTuple):
    """What a request was answered with; `status` is 0 when the connection was closed instead."""

    status: int
    body: str = ""

    @property
    def packets(self) -> list[str]:
        """What a poll brought."""
        return self.body.split(SEPARATOR)


class Request:
    """A request on a connection of its own, sent and not yet answered."""

    def __init__(
        self, port: int, method: str, target: str, body: str | bytes | None = None, timeout: float = TIMEOUT
    ) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
        self._connection.request(method, target, body)

    def answer(self) -> Answer:
        """Wait for the answer.

        Raises:
            TimeoutError: there was none in time.
        """
        try:
            answer = self._connection.getresponse()
            return Answer(answer.status, answer.read().decode())
        except (HTTPException, ConnectionResetError):
            return Answer(0)
        finally:
            self._connection.close()

    def abort(self, *, reset: bool) -> None:
        """Close the connection before there is an answer."""
        if reset:
            self._connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close()

    def close(self) -> None:
        """Close the connection, if it is still open."""
        self._connection.close()


class Polling:
    """One session over polling, open when it is made; `opened` is what the server's OPEN packet said."""

    def __init__(self, port: int, timeout: float = TIMEOUT) -> None:
        """
        :param timeout: the seconds to wait for each answer
        """
        self._port = port
        self._timeout = timeout
        self._begun: list[Request] = []
        self.target = "/socket.io/?EIO=4&transport=polling"
        answer = self.get().answer()
        assert answer.status == 200, answer
        self.opened: dict[str, Any] = json.loads(answer.body[1:])
        self.target += f"&sid={self.opened['sid']}"

    def get(self) -> Request:
        """Begin to poll."""
        request = Request(self._port, "GET", self.target, timeout=self._timeout)
        self._begun.append(request)
        return request

    def poll(self) -> Answer:
        """Poll, and wait for the answer."""
        return self.get().answer()

    def post(self, *packets: str | bytes) -> Answer:
        """Send packets."""
        encoded = [packet.encode() if isinstance(packet, str) else packet for packet in packets]
        body = SEPARATOR.encode().join(encoded)
        return Request(self._port, "POST", self.target, body, self._timeout).answer()

    def connected(self, *rooms: str) -> Self:
        """Connect, hear what the application says to that, and join rooms."""
        assert self.post("40").status == 200
        heard: list[str] = []
        while '42["auth",{}]' not in heard:
            heard += self.poll().packets
        if rooms:
            assert self.post("421" + json.dumps(["join", *rooms])).status == 200
            assert self.poll().packets == ["431[]"]
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say that it leaves, whether the session is still there or not, and wait for no answer any more."""
        with suppress(TimeoutError):
            self.post("1")
        for request in self._begun:
            request.close()
