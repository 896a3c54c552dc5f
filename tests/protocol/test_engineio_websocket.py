"""Messages of Engine.IO v4 over a WebSocket, and what ends a session there."""

import pytest

from tests.protocol.conftest import Open, assert_ends
from tests.support.bare_websocket import BareWebSocket
from tests.support.frames import BINARY, PING, PONG, TEXT, Frame, frame
from tests.support.polling import Request
from tests.support.server import Server


def test_a_text_comes_back(ws: BareWebSocket) -> None:
    ws.text("4hello")
    assert ws.next() == Frame(TEXT, b"4hello")


def test_an_empty_message_comes_back(ws: BareWebSocket) -> None:
    ws.text("4")
    assert ws.next() == Frame(TEXT, b"4")


@pytest.mark.parametrize("data", [b"\x01\x02\x03\x04", b"", b"4hello", b"bAQID", b"\xff"])
def test_binary_comes_back_as_it_is(data: bytes, ws: BareWebSocket) -> None:
    ws.binary(data)
    assert ws.next() == Frame(BINARY, data)


def test_text_and_binary_keep_their_order(ws: BareWebSocket) -> None:
    sent = [Frame(TEXT, b"4a"), Frame(BINARY, b"b"), Frame(BINARY, b""), Frame(TEXT, b"4c")]
    ws.send(*(frame(opcode, payload) for opcode, payload, _ in sent))
    assert [ws.next() for _ in sent] == sent


def test_a_separator_is_text_like_any_other(ws: BareWebSocket) -> None:
    ws.text("4a\x1e4b")
    assert ws.next_text() == "4a\x1e4b"


# The protocol has it for polling alone; clients with the option `forceBase64` send it here, too.
def test_base64_behind_a_b_is_binary_here_too(ws: BareWebSocket) -> None:
    ws.text("bAQIDBA==")
    assert ws.next() == Frame(BINARY, b"\x01\x02\x03\x04")


@pytest.mark.parametrize("packet", ["abc", "", "7", "9x", "\x1e4hello", " 4hello", "\N{ARABIC-INDIC DIGIT FOUR}hello"])
def test_what_is_no_packet_ends_the_session(packet: str, ws: BareWebSocket) -> None:
    ws.text(packet)
    assert_ends(ws)


# In version 4 it is the server that pings.
@pytest.mark.parametrize("packet", ["2", "2probe"])
def test_a_ping_of_the_client_ends_the_session(packet: str, ws: BareWebSocket) -> None:
    ws.text(packet)
    assert_ends(ws)


def test_a_client_that_closes_ends_the_connection(ws: BareWebSocket) -> None:
    ws.text("1")
    assert_ends(ws)


def test_what_comes_behind_a_close_is_not_handled(ws: BareWebSocket) -> None:
    ws.send(frame(TEXT, b"1"), frame(TEXT, b"4hello"))
    assert_ends(ws)


def test_a_session_over_a_websocket_cannot_be_polled(connect: Open, echo: Server) -> None:
    ws = connect()
    query = f"EIO=4&transport=polling&sid={ws.opened()['sid']}"
    assert Request(echo.url, query).answer().status == 400
    assert Request(echo.url, query, "POST", b"4stolen").answer().status == 400
    ws.text("4hello")
    assert ws.next_text() == "4hello"


def test_a_session_has_one_websocket(connect: Open) -> None:
    ws = connect()
    assert connect(f"EIO=4&transport=websocket&sid={ws.opened()['sid']}").status == 400
    ws.text("4hello")
    assert ws.next_text() == "4hello"


def test_a_ping_of_websocket_is_not_one_of_engineio(ws: BareWebSocket) -> None:
    ws.send(frame(PING, b"2"))
    assert ws.next() == Frame(PONG, b"2")
