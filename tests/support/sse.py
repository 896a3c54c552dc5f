"""A reader of Server-Sent Events, as `curl -N` is one."""

from http.client import HTTPConnection
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

TIMEOUT = 10.0  # seconds


class Message(NamedTuple):
    """One message of a stream."""

    event: str
    data: str
    id: str


class EventStream:
    """An open event stream.

    Attributes:
        last_id: what a reader sends as Last-Event-ID when it comes back.

    :raises AssertionError: when the server answers with anything else
    """

    def __init__(self, url: str, path: str, headers: dict[str, str]) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
        self._connection.request("GET", path, headers={"Accept": "text/event-stream"} | headers)
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200, (self._answer.status, self._answer.read())
        assert self._answer.headers.get_content_type() == "text/event-stream"
        self.last_id = ""
        self._next_fields()  # says where it begins, and when to come back

    def next(self) -> Message | None:
        """The next message; None at the end of the stream."""
        while (fields := self._next_fields()) is not None:
            if "event" in fields:
                return Message(fields["event"], fields["data"], self.last_id)
        return None

    def send_ahead(self, request: bytes) -> None:
        """Send what is to be answered behind the stream."""
        self._connection.sock.sendall(request)

    def _next_fields(self) -> dict[str, str] | None:
        """What stands before the next empty line; None at the end of the stream."""
        fields: dict[str, str] = {}
        while line := self._answer.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if not line.strip():
                self.last_id = fields.get("id", self.last_id)
                return fields
            fields[name] = value
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
