"""Two thousand connections come at once and go at once, and the process is as it was before."""

import socket
from contextlib import ExitStack
from typing import Any

import pytest

from tests.security.engine.servers import DropIn
from tests.security.engine.wire import UPGRADE, frame
from tests.support.brokers import wait_until

KINDS = [
    (UPGRADE, b'0{"sid"', frame("40"), b'40{"sid"'),  # a client that connects
    (UPGRADE, b'0{"sid"', b"", b""),  # one that only opens its WebSocket
    (b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", b"ok", b"", b""),
    (b"", b"", b"", b""),
]
EACH = 500
TOGETHER = 10  # of each kind, less than wait to be accepted at a time
SECONDS = 4.0
MEGABYTES = 10  # that may stay: the allocator's


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    return {"max_size": 2 * EACH * len(KINDS)}


@pytest.fixture
def warm(server: DropIn) -> DropIn:
    """A server that has had connections before."""
    churn(server, EACH)
    return server


def churn(server: DropIn, each: int) -> None:
    """Open so many connections of each kind, hear what each is to hear, and close them all."""
    with ExitStack() as opened:
        connections = []
        for _ in range(each // TOGETHER):
            connections += [opened.enter_context(_open(server.port, first)) for first, *_ in KINDS * TOGETHER]
            assert server.api.get("/health/live").status == 200  # accepted behind all of these
        for connection, (_, answer, second, _) in zip(connections, KINDS * each, strict=True):
            _read_until(connection, answer)
            connection.sendall(second)
        for connection, (_, _, _, answer) in zip(connections, KINDS * each, strict=True):
            _read_until(connection, answer)
    server.wait_until_left(0, SECONDS)


def _open(port: int, first: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), SECONDS)
    connection.sendall(first)
    return connection


def _read_until(connection: socket.socket, wanted: bytes) -> None:
    answer = b""
    while wanted not in answer:
        data = connection.recv(4096)
        assert data, answer
        answer += data


def test_2000_connections_leave_nothing_behind(warm: DropIn) -> None:
    before, files, resident = warm.vitals(), warm.files, warm.resident
    churn(warm, EACH)
    wait_until(lambda: warm.files <= files + 3, 2)
    after = warm.vitals()
    assert {kind: after[kind] for kind in after if after[kind] > before[kind] + 3} == {}
    assert warm.resident - resident < MEGABYTES
