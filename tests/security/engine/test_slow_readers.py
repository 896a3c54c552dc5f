"""Clients that hear and do not read: what waits for them is bounded, they are let go, and the others hear it all."""

from typing import Any

import pytest

from tests.security.engine.honest import Listener
from tests.security.engine.polls import Polling
from tests.security.engine.servers import DropIn
from tests.security.engine.wire import WebSocket
from tests.support.brokers import wait_until

OUTBOX = 1_000_000  # bytes
BROADCASTS, SIZE = 300, 100_000  # 30 MB


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    return {"max_outbox_bytes": OUTBOX}


def broadcast(server: DropIn, listener: Listener) -> None:
    """Tell everyone, and see that the one who listens has heard it all, in order."""
    heard = len(listener.payloads)
    for number in range(BROADCASTS):
        assert server.tell([number, "x" * SIZE]) == 200
    wait_until(lambda: len(listener.payloads) >= heard + BROADCASTS, 2)
    assert [payload[0] for payload in listener.payloads[heard:]] == list(range(BROADCASTS))  # type: ignore[index]


def test_a_websocket_that_is_not_read_is_closed_and_takes_no_memory(server: DropIn) -> None:
    with Listener(server.port) as listener, WebSocket(server.port, receive_buffer=4096) as idle:
        idle.connected()
        before, sessions = server.resident, server.sessions
        broadcast(server, listener)
        assert server.resident - before < 12
        server.wait_until_left(sessions - 1)


def test_a_session_that_never_polls_is_closed_and_takes_no_memory(server: DropIn) -> None:
    polling = Polling(server.port).connected()
    with Listener(server.port) as listener:
        before, sessions = server.resident, server.sessions
        broadcast(server, listener)
        assert server.resident - before < 12
        server.wait_until_left(sessions - 1)
    assert polling.poll().status == 400


def test_a_client_that_asks_and_does_not_read_takes_no_memory(server: DropIn) -> None:
    """What it makes the server send is as much bounded as what others do."""
    with WebSocket(server.port, receive_buffer=4096) as idle:
        idle.connected()
        before, question = server.resident, '42["message",["' + "x" * SIZE + '"]]'
        for _ in range(BROADCASTS):
            try:
                idle.send(question)
            except TimeoutError:  # it is not listened to any more: that bounds it, too
                break
        assert server.resident - before < 12
