"""A Socket.IO client that hides nothing: all that it heard is there, in order, and it goes when it is told to."""

import json
import re
from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.security.engine.wire import WebSocket

PATIENCE = 15.0  # seconds for one packet, of a machine that is busy
PACKET = re.compile(r"4(?P<kind>\d)(?:(?P<namespace>/[^,]*),)?(?P<id>\d*)(?P<data>.*)", re.DOTALL)
CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR = "01234"
WITHOUT_OFFSET = {"error", "room-left"}


class Heard(NamedTuple):
    """An event as a listener gets it."""

    event: str
    payload: Any


class Refused(Exception):
    """The server did not let it connect; `code` says why."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer)
        self.code: str = answer["data"]["code"]


class SocketClient:
    """One socket in one namespace, connected when it is made.

    Attributes:
        pid: what its session is recognized by.
        recovered: whether the server went on with an older session.
        offset: of the newest event that it has heard.
        connected: no longer, once the server has disconnected it.
    """

    def __init__(self, port: int, token: str | None, namespace: str = "/", after: "SocketClient | None" = None) -> None:
        """
        :param after: the one before, whose session it is to go on with
        :raises Refused: it may not connect
        """
        self.offset: str | None = after.offset if after else None
        self.connected = True
        self._prefix = "" if namespace == "/" else f"{namespace},"
        self._unread: list[Heard] = []
        self._ids = count(1)
        self._ws = WebSocket(port, timeout=PATIENCE)
        session = {"pid": after.pid, "offset": after.offset} if after else {}
        self._send(CONNECT, json.dumps({"token": token} | session))
        kind, _, answer = self._packet()
        if kind == CONNECT_ERROR:
            self._ws.close()
            raise Refused(answer)
        self.pid: str = answer["pid"]
        self.recovered = after is not None and self.pid == after.pid

    def emit(self, event: str, *arguments: object) -> Any:
        """Emit, and return what it is acknowledged with."""
        asked = str(next(self._ids))
        self._send(EVENT, asked + json.dumps([event, *arguments]))
        while True:
            kind, id, data = self._packet()
            if (kind, id) == (ACK, asked):
                return data[0]
            self._take(kind, data)

    def hear(self, last: Callable[[Heard], bool]) -> list[Heard]:
        """What it hears until it has heard such an event, that one included; each is returned once.

        :raises TimeoutError: that one does not come
        """
        for position in count():
            while len(self._unread) <= position:
                kind, _, data = self._packet()
                self._take(kind, data)
            if last(self._unread[position]):
                break
        return self._taken(position + 1)

    def hear_until_ended(self) -> list[Heard]:
        """What it hears until the server has disconnected it.

        :raises TimeoutError: it does not
        """
        while self.connected:
            kind, _, data = self._packet()
            self._take(kind, data)
        self._ws.close()
        return self._taken(len(self._unread))

    def cut(self) -> None:
        """The link breaks, and the server has noticed when this returns."""
        self._ws.finish()

    def close(self) -> None:
        """Close the connection without a word; the server may not have noticed yet."""
        self._ws.close()

    def _send(self, kind: str, data: str) -> None:
        self._ws.send(f"4{kind}{self._prefix}{data}")

    def _packet(self) -> tuple[str, str, Any]:
        text = self._ws.receive()
        assert isinstance(text, str)
        found = PACKET.fullmatch(text)
        assert found is not None, text
        return found["kind"], found["id"], json.loads(found["data"] or "null")

    def _take(self, kind: str, data: Any) -> None:
        if kind == DISCONNECT:
            self.connected = False
        else:
            assert kind == EVENT, (kind, data)
            name, payload, *offset = data
            assert len(offset) == (name not in WITHOUT_OFFSET), data
            self.offset = offset[0] if offset else self.offset
            self._unread.append(Heard(name, payload))

    def _taken(self, many: int) -> list[Heard]:
        taken = self._unread[:many]
        del self._unread[:many]
        return taken

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
