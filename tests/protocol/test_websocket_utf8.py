"""Text is UTF-8 (RFC 6455, section 8.1, and RFC 3629), over the whole of a message; else it fails with 1007."""

from itertools import pairwise

import pytest

from tests.support.bare_websocket import BareWebSocket
from tests.support.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, fragments, frame

NOT_UTF8 = 1007
VALID = {
    "Greek": "κόσμε",
    "mixed": "Hello-µ@ßöäüàá-UTF-8!!",
    "NUL": "\0",
    "first of two bytes": "\x80",
    "first of three bytes": "\u0800",
    "first of four bytes": "\U00010000",
    "last of one byte": "\x7f",
    "last of two bytes": "\u07ff",
    "last of three bytes": "\uffff",
    "last before the surrogates": "\ud7ff",
    "first behind the surrogates": "\ue000",
    "replacement": "\ufffd",
    "last of all": "\U0010ffff",
    "noncharacters": "\ufdd0\ufffe\U0001fffe\U0010fffe",
    "byte order mark": "\ufeffx",
    "emoji": "👩‍👩‍👧🏳️‍🌈",
    "separators": "\u2028\u2029\x1e\r\n",
}
INVALID = {
    "a lone continuation byte": b"\x80",
    "the last continuation byte": b"\xbf",
    "two continuation bytes": b"\x80\xbf",
    "every continuation byte": bytes(range(0x80, 0xC0)),
    "first bytes alone": b"\xc3 \xe2 \xf0 ",
    "FE": b"\xfe",
    "FF": b"\xff",
    "FE and FF": b"\xfe\xfe\xff\xff",
    "overlong slash in two": b"\xc0\xaf",
    "overlong slash in three": b"\xe0\x80\xaf",
    "overlong slash in four": b"\xf0\x80\x80\xaf",
    "overlong NUL": b"\xc0\x80",
    "overlong 7F": b"\xc1\xbf",
    "overlong 7FF": b"\xe0\x9f\xbf",
    "overlong FFFF": b"\xf0\x8f\xbf\xbf",
    "first surrogate": b"\xed\xa0\x80",
    "last surrogate": b"\xed\xbf\xbf",
    "a pair of surrogates": b"\xed\xa0\x80\xed\xb0\x80",
    "above the last of all": b"\xf4\x90\x80\x80",
    "F5": b"\xf5\x80\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "six bytes": b"\xfc\x84\x80\x80\x80\x80",
    "Latin-1": "é".encode("latin-1"),
    "UTF-16": "é".encode("utf-16"),
    "within": b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
}
TRUNCATED = {
    "two bytes": b"\xc3",
    "three bytes after one": b"\xe2",
    "three bytes after two": b"\xe2\x82",
    "four bytes after one": b"\xf0",
    "four bytes after three": b"\xf0\x9f\x98",
}

valid = pytest.mark.parametrize("text", VALID.values(), ids=VALID.keys())
invalid = pytest.mark.parametrize("data", INVALID.values(), ids=INVALID.keys())
truncated = pytest.mark.parametrize("data", TRUNCATED.values(), ids=TRUNCATED.keys())


@valid
def test_any_text_comes_back(text: str, ws: BareWebSocket) -> None:
    ws.text(f"4{text}")
    assert ws.next_text() == f"4{text}"


@valid
def test_a_fragment_may_end_within_a_code_point(text: str, ws: BareWebSocket) -> None:
    ws.send(*fragments(TEXT, b"4", *(bytes((byte,)) for byte in text.encode())))
    assert ws.next_text() == f"4{text}"


@pytest.mark.parametrize("chop", [1, 3])
def test_a_ping_may_come_within_a_code_point(chop: int, ws: BareWebSocket) -> None:
    first, second = fragments(TEXT, b"4\xf0\x9f", b"\x98\x80")
    ws.send(first, frame(PING, b"\xff"), second, chop=chop)
    assert ws.next() == Frame(PONG, b"\xff")
    assert ws.next_text() == "4😀"


@invalid
def test_text_that_is_not_utf8_fails(data: bytes, ws: BareWebSocket) -> None:
    ws.send(frame(TEXT, b"4" + data))
    assert ws.close_code() == NOT_UTF8


@invalid
def test_a_message_that_does_not_begin_as_utf8_fails(data: bytes, ws: BareWebSocket) -> None:
    ws.send(frame(TEXT, data))
    assert ws.close_code() == NOT_UTF8


@invalid
def test_text_that_is_not_utf8_fails_though_each_byte_comes_in_a_fragment(data: bytes, ws: BareWebSocket) -> None:
    ws.send(*fragments(TEXT, b"4", *(bytes((byte,)) for byte in data)))
    assert ws.close_code() == NOT_UTF8


# Whether it fails at the first wrong byte or with the last fragment, the RFC leaves open.
@invalid
def test_text_that_is_not_utf8_fails_though_its_last_fragment_is(data: bytes, ws: BareWebSocket) -> None:
    ws.send(*fragments(TEXT, b"4", data, b"end"))
    assert ws.close_code() == NOT_UTF8


@truncated
def test_text_that_ends_within_a_code_point_fails(data: bytes, ws: BareWebSocket) -> None:
    ws.send(frame(TEXT, b"4" + data))
    assert ws.close_code() == NOT_UTF8


@truncated
def test_a_last_fragment_that_ends_within_a_code_point_fails(data: bytes, ws: BareWebSocket) -> None:
    ws.send(*fragments(TEXT, b"4", data, b""))
    assert ws.close_code() == NOT_UTF8


@truncated
def test_a_code_point_ends_in_its_own_message(data: bytes, ws: BareWebSocket) -> None:
    ws.send(frame(TEXT, b"4" + data), frame(TEXT, "4\N{EURO SIGN}".encode()))
    assert ws.close_code() == NOT_UTF8


def test_binary_need_not_be_utf8(ws: BareWebSocket) -> None:
    for data in (*INVALID.values(), *TRUNCATED.values()):
        ws.binary(data)
        assert ws.next() == Frame(BINARY, data)


def test_what_was_valid_is_forgotten_after_each_message(ws: BareWebSocket) -> None:
    for before, after in pairwise(VALID.values()):
        ws.send(*fragments(TEXT, b"4", before.encode()), *fragments(TEXT, b"4", after.encode()))
        assert (ws.next_text(), ws.next_text()) == (f"4{before}", f"4{after}")


def test_a_close_within_a_code_point_is_an_ordinary_one(ws: BareWebSocket) -> None:
    ws.send(frame(TEXT, b"4\xe2\x82", fin=False), frame(CLOSE, (1000).to_bytes(2)), frame(CONTINUATION, b"\xac"))
    assert ws.close_code() == 1000
