"""Bad input fills no log: a client causes a line a second at the most, and a handler's failure is told as rarely."""

from socket import create_connection
from time import monotonic

import pytest

from tests.security.engine.polls import Polling
from tests.security.engine.servers import DropIn
from tests.security.engine.wire import PING, TIMEOUT, WebSocket, frame

TIMES = 1000


class Lines:
    """What a server logs from now on."""

    def __init__(self, server: DropIn) -> None:
        self._server = server
        self._before = len(server.log())
        self._began = monotonic()

    @property
    def text(self) -> str:
        return self._server.log()[self._before :]

    @property
    def most(self) -> int:
        """How many there may be by now."""
        return int(monotonic() - self._began) + 2


@pytest.fixture
def lines(server: DropIn) -> Lines:
    return Lines(server)


@pytest.mark.parametrize(
    "sent",
    [
        frame("x"),
        frame("4x"),
        frame("42["),
        frame('42["disconnect"]'),
        frame('40"x"'),
        frame(b"x"),
        frame("430[]"),
        frame('42/nope,["x"]'),
        frame("", PING, fin=False),
        b"\x00" * 6,
    ],
    ids=repr,
)
def test_1000_bad_frames_make_a_line_a_second(sent: bytes, ws: WebSocket, honest: WebSocket, lines: Lines) -> None:
    ws.connected()
    ws.write(sent * TIMES)
    ws.heard(0.5)
    assert honest.ask("there?") == ["there?"]
    assert len(lines.text.splitlines()) <= lines.most


def test_1000_bad_posts_make_a_line_a_second(server: DropIn, lines: Lines) -> None:
    polling = Polling(server.port)
    for _ in range(TIMES):
        polling.post("x")
    assert len(lines.text.splitlines()) <= lines.most


def test_1000_requests_that_are_no_http_make_a_line_a_second(server: DropIn, lines: Lines) -> None:
    for _ in range(TIMES):
        with create_connection(("127.0.0.1", server.port), TIMEOUT) as client:
            client.sendall(b"no http\r\n\r\n")
            assert client.recv(100)
    assert 0 < len(lines.text.splitlines()) <= lines.most


def test_a_handler_that_fails_at_1000_events_of_a_client_is_told_of_once_a_second(ws: WebSocket, lines: Lines) -> None:
    ws.connected()
    ws.write(frame('42["sleep","x","too many"]') * TIMES)
    try:
        ws.ask("done")
    finally:
        assert lines.text.count("Traceback") <= lines.most
