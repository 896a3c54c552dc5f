"""A Socket.IO client over HTTP polling, in one thread, so that all it hears is in order.

python-socketio has one, too; it starts a thread for each packet, and these overtake each other.
"""

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from app.core import json

ANSWER_SECONDS = 10.0  # that the server has, unless it may wait for something to tell
SEPARATOR = "\x1e"
OPEN, PING, PONG, MESSAGE = "0", "2", "3", "4"  # packets of Engine.IO
CONNECT, EVENT, ACK, CONNECT_ERROR = "0", "2", "3", "4"  # of Socket.IO, in messages


class LinkBroken(Exception):
    """The server can't be reached, or ended the session."""


class Refused(Exception):
    """The server does not let this client in; the text says why."""


class TimeUp(Exception):
    """It was to be heard no longer than until now."""


class Link:
    """One connection to the namespace ``/``, as a context manager.

    Args:
        url: of the server.
        token: an access token.
        deadline: by :func:`time.monotonic`; infinity for none.

    Raises:
        LinkBroken: as every method.
        Refused: the token is no good.
    """

    def __init__(self, url: str, token: str, deadline: float) -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._http = kind(parts.netloc)
        self._path = f"{parts.path.rstrip('/')}/socket.io/?EIO=4&transport=polling"
        self._deadline = deadline
        try:
            opened = json.loads(self._request("GET").removeprefix(OPEN))
        except ValueError as error:
            raise LinkBroken("what answers there is something else") from error
        self._path += f"&sid={opened['sid']}"
        self._silence = (opened["pingInterval"] + opened["pingTimeout"]) / 1000
        self._heard = self._messages()
        self._send(f"{MESSAGE}{CONNECT}{json.dumps({'token': token})}")
        answer = next(self._heard)
        if answer.startswith(CONNECT_ERROR):
            raise Refused(json.loads(answer[1:])["message"])

    def emit(self, id: int, *command: Any) -> None:
        """Send a command, whose acknowledgement will come with ``id``."""
        self._send(f"{MESSAGE}{EVENT}{id}{json.dumps(command)}")

    def hear(self) -> Iterator[tuple[int | None, list[Any]]]:
        """What comes: an acknowledgement with its id, or an event, its name first.

        Raises:
            TimeUp: the deadline is over.
        """
        for message in self._heard:
            if message.startswith(EVENT):
                yield None, json.loads(message[1:])
            elif message.startswith(ACK):
                id, bracket, rest = message[1:].partition("[")
                yield int(id), json.loads(bracket + rest)
            else:
                raise LinkBroken("the server ended it")

    def _messages(self) -> Iterator[str]:
        while True:
            for packet in self._request("GET", waits=True).split(SEPARATOR):
                if packet == PING:
                    self._send(PONG)
                elif packet.startswith(MESSAGE):
                    yield packet[1:]
                else:
                    raise LinkBroken("the server ended it")

    def _send(self, packet: str) -> None:
        self._request("POST", packet)

    def _request(self, method: str, body: str | None = None, *, waits: bool = False) -> str:
        seconds = self._silence if waits else ANSWER_SECONDS
        seconds = min(seconds, max(0.001, self._deadline - monotonic()))
        self._http.timeout = seconds  # of the next connection; and of the one that there is:
        if self._http.sock is not None:
            self._http.sock.settimeout(seconds)
        try:
            self._http.request(method, self._path, None if body is None else body.encode())
            answer = self._http.getresponse()
            text = answer.read().decode()
        except (OSError, HTTPException) as error:
            if monotonic() >= self._deadline:
                raise TimeUp from error
            raise LinkBroken(str(error) or type(error).__name__) from error
        if answer.status != 200:
            raise LinkBroken(f"it answered {answer.status}")
        return text

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
