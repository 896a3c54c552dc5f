"""When the other side of a connection has gone."""

import socket
from collections.abc import Iterator

import eventlet
import pytest
from eventlet.greenio import GreenSocket

from app.engine.departures import end_when_silent, on_departure

Pair = tuple[GreenSocket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A connection: the server's end, and the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        accepted, _ = listener.accept()
        with accepted:
            yield GreenSocket(accepted), client


def test_a_client_that_closes_its_end_has_gone(pair: Pair) -> None:
    server, client = pair
    gone = eventlet.Event()
    on_departure(server, gone.send)
    client.shutdown(socket.SHUT_WR)
    with eventlet.Timeout(5):
        gone.wait()


def test_one_that_sends_ahead_has_not_and_what_it_sent_can_be_read(pair: Pair) -> None:
    server, client = pair
    gone: list[bool] = []
    on_departure(server, lambda: gone.append(True))
    client.sendall(b"next")
    eventlet.sleep(0.05)
    assert (gone, server.recv(10)) == ([], b"next")


def test_a_watch_that_was_ended_calls_nobody(pair: Pair) -> None:
    server, client = pair
    gone: list[bool] = []
    stop = on_departure(server, lambda: gone.append(True))
    eventlet.sleep()
    stop()
    client.close()
    eventlet.sleep(0.05)
    assert gone == []


def test_linux_gives_up_a_client_that_takes_nothing_for_so_long(pair: Pair) -> None:
    server, _ = pair
    end_when_silent(server, 7)
    assert server.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7000
