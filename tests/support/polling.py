"""Engine.IO over HTTP, request by request."""

import json
import time
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

TIMEOUT = 3.0  # seconds
SEPARATOR = "\x1e"


class Answer(NamedTuple):
    """What a request was answered with."""

    status: int
    body: str
    content_type: str


class Request:
    """A request over a connection of its own, sent at once and answered later."""

    def __init__(self, url: str, query: str, method: str = "GET", body: bytes | None = None) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
        self._connection.request(method, f"/socket.io/?{query}", body)

    def answer(self) -> Answer:
        """Wait for the answer."""
        try:
            answer = self._connection.getresponse()
            return Answer(answer.status, answer.read().decode(), answer.headers.get("Content-Type", ""))
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Close the connection, answered or not."""
        self._connection.close()


class Polling:
    """One session, opened.

    Attributes:
        opened: what the first packet says.
        query: of each request of the session.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._pending: list[Request] = []
        answer = Request(url, "EIO=4&transport=polling").answer()
        assert (answer.status, answer.body[:1]) == (200, "0")
        self.opened: dict[str, Any] = json.loads(answer.body[1:])
        self.sid: str = self.opened["sid"]
        self.query = f"EIO=4&transport=polling&sid={self.sid}"

    def get(self) -> Answer:
        """Poll."""
        return Request(self._url, self.query).answer()

    def post(self, *packets: str | bytes) -> Answer:
        """Send packets in one request."""
        encoded = (packet.encode() if isinstance(packet, str) else packet for packet in packets)
        return Request(self._url, self.query, "POST", SEPARATOR.encode().join(encoded)).answer()

    def pending(self) -> Request:
        """A poll that waits at the server."""
        self._pending.append(Request(self._url, self.query))
        time.sleep(0.05)  # the server has it by then, before it has what comes next over another connection
        return self._pending[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for request in self._pending:
            request.give_up()
