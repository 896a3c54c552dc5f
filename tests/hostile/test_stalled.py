"""Connections whose requests never end: they hold nobody up, and are closed."""

import socket
from contextlib import suppress
from select import select
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

import pytest

from tests.faults.watch import Watch
from tests.hostile.dropin_server import DropIn

CONNECTIONS = 1000
REQUEST_TIMEOUT = 1  # seconds
SLACK = 2.0  # seconds
CONNECT_SECONDS = 5.0
DRIP = 0.2  # seconds between two bytes, less than any timeout between two reads

POST = b"POST /tell HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
KINDS = {
    "nothing": (b"", b""),
    "half a request line": (b"GET /socket.io/?EIO=4", b""),
    "half a header": (b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ", b""),
    "half a body": (POST + b"Content-Length: 9\r\n\r\n1", b""),
    "a slow request line": (b"GET /socket.io/?", b"x"),
    "slow headers": (b"GET /health/live HTTP/1.1\r\nHost: x\r\n", b"X: x\r\n"),
    "a slow body": (POST + b"Content-Length: 99\r\n\r\n", b" "),
    "slow chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


class Stalled:
    """Connections whose requests have begun, and go on byte by byte or not at all."""

    def __init__(self, port: int, kinds: list[str], each: int) -> None:
        self._open: list[tuple[socket.socket, bytes]] = []
        for kind in kinds:
            for _ in range(each):
                self._begin(port, *KINDS[kind])

    def _begin(self, port: int, begin: bytes, again: bytes) -> None:
        connection = socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS)
        self._open.append((connection, again))
        connection.sendall(begin)

    def drip(self, seconds: float) -> int:
        """Send each a little, again and again, for so many seconds; how many the server has not closed by then."""
        deadline = monotonic() + seconds
        while self._open and monotonic() < deadline:
            sleep(DRIP)
            for connection, again in self._open:
                with suppress(OSError):
                    connection.sendall(again)
            self._drop_closed()
        return len(self._open)

    def _drop_closed(self) -> None:
        for connection, again in tuple(self._open):
            if _is_closed(connection):
                self._open.remove((connection, again))
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection, _ in self._open:
            connection.close()


def _is_closed(connection: socket.socket) -> bool:
    with suppress(ConnectionResetError):
        while select([connection], [], [], 0)[0]:
            if not connection.recv(65536):
                return True
        return False
    return True


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    return {"request_timeout": REQUEST_TIMEOUT}


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    return {"keepalive": REQUEST_TIMEOUT, "socket_timeout": REQUEST_TIMEOUT}


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_that_does_not_end_is_closed(kind: str, server: DropIn) -> None:
    with Stalled(server.port, [kind], 5) as stalled:
        assert stalled.drip(REQUEST_TIMEOUT + SLACK) == 0


def test_1000_of_them_hold_nobody_up(server: DropIn) -> None:
    watch = Watch(server.api, "/health/live")
    with watch, Stalled(server.port, list(KINDS), CONNECTIONS // len(KINDS)) as stalled:
        left = stalled.drip(REQUEST_TIMEOUT + SLACK)
    assert left == 0
    assert max(watch.seconds) < 1
