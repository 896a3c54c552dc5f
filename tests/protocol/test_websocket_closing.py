"""How a connection ends (RFC 6455, sections 5.5.1, 7.1 and 7.4): the server says Close once, and closes."""

import pytest

from tests.support.bare_websocket import BareWebSocket
from tests.support.frames import CLOSE, CONTINUATION, PING, TEXT, close, fragments, frame

PROTOCOL_ERROR, NOT_UTF8 = 1002, 1007
HELLO = frame(TEXT, b"4hello")


# Without a code there is none to send back; 1000 says the same.
@pytest.mark.parametrize("chop", [0, 1])
def test_an_empty_close_is_answered(chop: int, ws: BareWebSocket) -> None:
    ws.send(frame(CLOSE), chop=chop)
    assert ws.close_code() in (None, 1000)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
def test_a_code_comes_back(code: int, ws: BareWebSocket) -> None:
    ws.send(close(code))
    assert ws.close_code() == code


@pytest.mark.parametrize("reason", [b"x", "Schöne Grüße".encode(), b"x" * 123], ids=["short", "UTF-8", "123-bytes"])
@pytest.mark.parametrize("chop", [0, 1])
def test_a_reason_is_allowed(reason: bytes, chop: int, ws: BareWebSocket) -> None:
    ws.send(close(1000, reason), chop=chop)
    assert ws.close_code() == 1000


# 1012 to 1014 were registered after the RFC, and codes from 5000 on it does not mention: both may pass or fail.
@pytest.mark.parametrize("code", [1012, 1013, 1014, 5000, 65535])
def test_a_code_that_the_rfc_does_not_know_closes(code: int, ws: BareWebSocket) -> None:
    ws.send(close(code))
    assert ws.close_code() in (code, PROTOCOL_ERROR)


@pytest.mark.parametrize("code", [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999])
def test_a_code_that_nobody_may_send_fails(code: int, ws: BareWebSocket) -> None:
    ws.send(close(code))
    assert ws.close_code() == PROTOCOL_ERROR


def test_half_a_code_fails(ws: BareWebSocket) -> None:
    ws.send(frame(CLOSE, b"\x03"))
    assert ws.close_code() == PROTOCOL_ERROR


@pytest.mark.parametrize(
    "reason", [b"\xff", b"\xce\xba\xed\xa0\x80", b"\xe2\x82"], ids=["FF", "surrogate", "truncated"]
)
def test_a_reason_that_is_not_utf8_fails(reason: bytes, ws: BareWebSocket) -> None:
    ws.send(close(1000, reason))
    assert ws.close_code() == NOT_UTF8


@pytest.mark.parametrize(
    "late",
    [HELLO, frame(PING, b"late"), close(1001), frame(3), frame(TEXT, b"\xff"), b"\0\0\0\0"],
    ids=["text", "ping", "another-close", "reserved-opcode", "not-utf8", "no-frame"],
)
def test_what_comes_after_a_close_is_ignored(late: bytes, ws: BareWebSocket) -> None:
    ws.send(close(1000), late)
    assert ws.close_code() == 1000


def test_what_came_before_a_close_was_answered(ws: BareWebSocket) -> None:
    ws.send(HELLO)
    assert ws.next_text() == "4hello"
    ws.send(close(1000))
    assert ws.close_code() == 1000


def test_a_close_within_a_message_ends_it(ws: BareWebSocket) -> None:
    first, second = fragments(TEXT, b"4hel", b"lo")
    ws.send(first, close(1000), second)
    assert ws.close_code() == 1000


def test_a_connection_that_ends_without_a_close_is_let_go(ws: BareWebSocket) -> None:
    ws.finish()
    ws.rest()


@pytest.mark.parametrize(
    "cut",
    [HELLO[:1], HELLO[:-1], frame(TEXT, b"4x", fin=False), frame(TEXT, b"4x", fin=False) + frame(CONTINUATION)[:3]],
    ids=["header", "payload", "message", "fragment"],
)
def test_a_connection_that_ends_within_a_message_is_let_go(cut: bytes, ws: BareWebSocket) -> None:
    ws.send(cut)
    ws.finish()
    assert all(said.opcode == CLOSE for said in ws.rest())
