"""Two thousand connections come at once and go at once, and the process is as it was before."""

import socket
from contextlib import ExitStack
from typing import Any

import pytest

from tests.hostile.dropin_server import DropIn
from tests.hostile.wire import UPGRADE, frame
from tests.support.brokers import wait_until

CONNECTIONS, WARM_UP = 2000, 500
MEGABYTES = 10  # that may stay: the allocator's


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    return {"max_size": 3 * CONNECTIONS}


@pytest.fixture
def warm(server: DropIn) -> DropIn:
    """A server that has had connections before."""
    churn(server, WARM_UP)
    return server


def churn(server: DropIn, count: int) -> None:
    """Open so many connections, each with a CONNECT behind its handshake; wait for the answers, and close them all."""
    sessions = server.vitals()["sessions"]
    with ExitStack() as opened:
        connections = [
            opened.enter_context(socket.create_connection(("127.0.0.1", server.port), 4)) for _ in range(count)
        ]
        for connection in connections:
            connection.sendall(UPGRADE.format("").encode() + frame("40"))
        for connection in connections:
            answered = b""
            while b'"auth"' not in answered or b"40{" not in answered:
                data = connection.recv(4096)
                assert data, answered
                answered += data
    server.wait_until_left(sessions)


def test_2000_connections_leave_nothing_behind(warm: DropIn) -> None:
    before, files, resident = warm.vitals(), warm.files, warm.resident
    churn(warm, CONNECTIONS)
    wait_until(lambda: warm.files <= files + 3, 2)
    after = warm.vitals()
    assert after["greenlets"] <= before["greenlets"] + 3
    assert (after["sessions"], after["rooms"]) == (before["sessions"], before["rooms"])
    assert warm.resident - resident < MEGABYTES
