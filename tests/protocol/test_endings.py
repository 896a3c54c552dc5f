"""However a session ends, the application is told, once, and why; and of an upgrade that failed it is told nothing."""

import time

import pytest

from tests.protocol.conftest import Open
from tests.support.api import Api
from tests.support.bare_websocket import BareWebSocket
from tests.support.brokers import wait_until
from tests.support.frames import BINARY, CLOSE, TEXT, close, frame, header
from tests.support.polling import Polling
from tests.support.server import Server

CLIENT_DISCONNECT, PING_TIMEOUT, TRANSPORT_CLOSE = "client disconnect", "ping timeout", "transport close"


def told(server: Server, sid: str) -> list[str]:
    """What the application was told of the end of a session."""
    reasons: list[str] = Api(server.url).get(f"/ended/{sid}").json
    return reasons


def told_once(server: Server, sid: str) -> str:
    wait_until(lambda: told(server, sid), timeout=3)
    time.sleep(0.1)
    [reason] = told(server, sid)
    return reason


@pytest.fixture
def session(connect: Open) -> tuple[BareWebSocket, str]:
    ws = connect()
    return ws, ws.opened()["sid"]


@pytest.fixture
def upgraded(polling: Polling, connect: Open) -> BareWebSocket:
    ws = connect(polling.query.replace("polling", "websocket"))
    ws.send(frame(TEXT, b"2probe"), frame(TEXT, b"5"), frame(TEXT, b"4hello"))
    assert [ws.next_text(), ws.next_text()] == ["3probe", "4hello"]
    return ws


@pytest.mark.parametrize("said", [close(1000), frame(CLOSE)], ids=["1000", "empty"])
def test_a_close_of_the_websocket_is_told(said: bytes, session: tuple[BareWebSocket, str], echo: Server) -> None:
    ws, sid = session
    ws.send(said)
    ws.rest()
    assert told_once(echo, sid) == TRANSPORT_CLOSE


def test_a_close_packet_is_told(session: tuple[BareWebSocket, str], echo: Server) -> None:
    ws, sid = session
    ws.text("1")
    ws.rest()
    assert told_once(echo, sid) == CLIENT_DISCONNECT


def test_a_connection_that_ends_without_a_word_is_told(session: tuple[BareWebSocket, str], echo: Server) -> None:
    ws, sid = session
    ws.finish()
    ws.rest()
    assert told_once(echo, sid)


def test_a_connection_that_is_reset_is_told(session: tuple[BareWebSocket, str], echo: Server) -> None:
    ws, sid = session
    ws.reset()
    assert told_once(echo, sid)


@pytest.mark.parametrize(
    "wrong",
    [frame(3), frame(TEXT, b"\xff"), header(BINARY, 1 << 30), frame(TEXT, b"abc"), frame(TEXT, b"4", masked=False)],
    ids=["opcode", "not-utf8", "too-big", "no-packet", "no-mask"],
)
def test_a_connection_that_fails_is_told(wrong: bytes, session: tuple[BareWebSocket, str], echo: Server) -> None:
    ws, sid = session
    ws.send(wrong)
    ws.rest()
    assert told_once(echo, sid)


def test_a_close_packet_by_post_is_told(polling: Polling, echo: Server) -> None:
    polling.post("1")
    assert told_once(echo, polling.sid) == CLIENT_DISCONNECT


def test_a_session_that_a_second_poll_ends_is_told(polling: Polling, echo: Server) -> None:
    first = polling.pending()
    polling.get()
    first.answer()
    assert told_once(echo, polling.sid)


def test_a_session_that_no_packet_ends_is_told(polling: Polling, echo: Server) -> None:
    polling.post("abc")
    assert told_once(echo, polling.sid)


def test_the_end_of_an_upgraded_session_is_told(polling: Polling, upgraded: BareWebSocket, echo: Server) -> None:
    upgraded.send(close(1000))
    upgraded.rest()
    assert told_once(echo, polling.sid) == TRANSPORT_CLOSE


@pytest.mark.parametrize("polled", [False, True])
def test_a_session_over_polling_that_is_silent_is_told(beating: Server, *, polled: bool) -> None:
    session = Polling(beating.url)
    if polled:
        session.get()
    assert told_once(beating, session.sid) == PING_TIMEOUT


def test_a_session_over_a_websocket_that_is_silent_is_told(beating: Server) -> None:
    with BareWebSocket(beating.url) as ws:
        sid = ws.opened()["sid"]
        ws.rest()
        assert told_once(beating, sid) == PING_TIMEOUT


@pytest.mark.parametrize("said", [(), (b"2probe",), (b"2probe", b"4x"), (b"abc",)])
def test_of_an_upgrade_that_failed_nothing_is_told(
    said: tuple[bytes, ...], polling: Polling, connect: Open, echo: Server
) -> None:
    ws = connect(polling.query.replace("polling", "websocket"))
    ws.send(*(frame(TEXT, packet) for packet in said), close(1000))
    ws.rest()
    time.sleep(0.1)
    assert told(echo, polling.sid) == []
