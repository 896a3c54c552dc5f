"""Connections whose requests never end: they hold nobody up, and are closed."""

import socket
from contextlib import suppress
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

import pytest

from tests.faults.watch import Watch
from tests.security.engine.servers import DropIn

CONNECTIONS = 1000
REQUEST_TIMEOUT = 1  # seconds
SLACK = 2.0  # seconds
CONNECT_SECONDS = 5.0
TOGETHER = 5  # of each kind, less than wait to be accepted at a time
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

    def __init__(self, server: DropIn, each: int) -> None:
        self._open: list[tuple[socket.socket, str]] = []
        for number in range(each):
            if number % TOGETHER == 0:
                assert server.api.get("/health/live").status == 200  # accepted behind all before it
            for kind, (begin, _) in KINDS.items():
                connection = socket.create_connection(("127.0.0.1", server.port), CONNECT_SECONDS)
                self._open.append((connection, kind))
                connection.sendall(begin)

    def drip(self, seconds: float) -> set[str]:
        """Send each a little, again and again, for so many seconds; of which kind the server has not closed all."""
        deadline = monotonic() + seconds
        while self._open and monotonic() < deadline:
            sleep(DRIP)
            for connection, kind in self._open:
                with suppress(OSError):
                    connection.sendall(KINDS[kind][1])
            self._drop_closed()
        return {kind for _, kind in self._open}

    def _drop_closed(self) -> None:
        for connection, kind in tuple(self._open):
            if _is_closed(connection):
                self._open.remove((connection, kind))
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection, _ in self._open:
            connection.close()


def _is_closed(connection: socket.socket) -> bool:
    try:
        while connection.recv(65536, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        pass
    return True


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    return {"request_timeout": REQUEST_TIMEOUT}


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    return {"keepalive": REQUEST_TIMEOUT, "socket_timeout": REQUEST_TIMEOUT}


def test_1000_of_them_hold_nobody_up(server: DropIn) -> None:
    watch = Watch(server.api, "/health/live")
    with watch, Stalled(server, CONNECTIONS // len(KINDS)) as stalled:
        assert stalled.drip(REQUEST_TIMEOUT + SLACK) == set()
    assert max(watch.seconds) < 1
