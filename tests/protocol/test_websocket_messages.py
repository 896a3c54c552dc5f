"""Messages of every size, however they are cut, come back as they were; one above the limit fails with 1009."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.conftest import Open
from tests.support.bare_websocket import BareWebSocket
from tests.support.frames import BINARY, CONTINUATION, PING, PONG, TEXT, Frame, fragments, frame, header
from tests.support.server import Server

MAX_PAYLOAD = 1_000_000
TOO_BIG = 1009
SIZES = [1, 2, 125, 126, 127, 128, 65535, 65536, 65537, MAX_PAYLOAD]


def text_of(size: int) -> bytes:
    """A text message of so many bytes, of which no two parts are alike."""
    return (b"4" + b",".join(b"%d" % number for number in range(size // 2)))[:size]


def binary_of(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def in_parts_of(size: int, whole: bytes) -> list[bytes]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]


@pytest.mark.parametrize("size", SIZES)
def test_a_text_message_comes_back(size: int, ws: BareWebSocket) -> None:
    ws.send(frame(TEXT, text_of(size)))
    assert ws.next() == Frame(TEXT, text_of(size))


@pytest.mark.parametrize("size", [0, *SIZES])
def test_a_binary_message_comes_back(size: int, ws: BareWebSocket) -> None:
    ws.send(frame(BINARY, binary_of(size)))
    assert ws.next() == Frame(BINARY, binary_of(size))


@pytest.mark.parametrize(
    ("size", "chop"),
    [(1, 1), (125, 1), (126, 1), (127, 1), (1000, 1), (65535, 997), (65536, 997), (MAX_PAYLOAD, 8191)],
)
def test_the_pieces_that_tcp_brings_it_in_do_not_matter(size: int, chop: int, ws: BareWebSocket) -> None:
    ws.send(frame(TEXT, text_of(size)), frame(BINARY, binary_of(size)), chop=chop)
    assert ws.next() == Frame(TEXT, text_of(size))
    assert ws.next() == Frame(BINARY, binary_of(size))


def test_messages_that_come_in_one_piece_come_back_in_order(ws: BareWebSocket) -> None:
    ws.send(*(frame(TEXT, f"4{number}".encode()) for number in range(500)))
    assert [ws.next_text() for _ in range(500)] == [f"4{number}" for number in range(500)]


@pytest.mark.parametrize(("size", "part"), [(10_000, 1), (65536, 64), (MAX_PAYLOAD, 1024), (MAX_PAYLOAD, 65536)])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_in_many_fragments_comes_back(opcode: int, size: int, part: int, ws: BareWebSocket) -> None:
    message = text_of(size) if opcode == TEXT else binary_of(size)
    ws.send(*fragments(opcode, *in_parts_of(part, message)))
    assert ws.next() == Frame(opcode, message)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_above_the_limit_fails(opcode: int, ws: BareWebSocket) -> None:
    ws.send(frame(opcode, text_of(MAX_PAYLOAD + 1)))
    assert ws.close_code() == TOO_BIG


def test_the_limit_counts_bytes(ws: BareWebSocket) -> None:
    ws.send(frame(TEXT, b"4" + "€".encode() * (MAX_PAYLOAD // 3 + 1)))
    assert ws.close_code() == TOO_BIG


# The RFC lets a server wait for the payload; one that does can be made to keep what it will not use.
@pytest.mark.parametrize("length", [MAX_PAYLOAD + 1, 1 << 31, (1 << 63) - 1])
def test_what_is_announced_above_the_limit_fails_before_it_has_come(length: int, ws: BareWebSocket) -> None:
    ws.send(header(BINARY, length))
    assert ws.close_code() == TOO_BIG


def test_fragments_that_add_up_above_the_limit_fail_before_the_last_has_come(ws: BareWebSocket) -> None:
    ws.send(frame(BINARY, binary_of(600_000), fin=False), header(CONTINUATION, 400_001, fin=False))
    assert ws.close_code() == TOO_BIG


def test_a_limit_is_of_one_message_not_of_the_connection(ws: BareWebSocket) -> None:
    for _ in range(3):
        ws.send(*fragments(BINARY, *in_parts_of(300_000, binary_of(900_000))))
        assert ws.next() == Frame(BINARY, binary_of(900_000))


def test_a_connection_that_failed_disturbs_no_other(ws: BareWebSocket, connect: Open) -> None:
    wrong = connect()
    wrong.opened()
    wrong.send(header(BINARY, MAX_PAYLOAD + 1))
    assert wrong.close_code() == TOO_BIG
    ws.text("4hello")
    assert ws.next_text() == "4hello"


TEXTS = st.text(st.characters(codec="utf-8"), max_size=300).map(lambda text: (TEXT, b"4" + text.encode()))
BINARIES = st.binary(max_size=300).map(lambda data: (BINARY, data))
CUTS = st.lists(st.integers(0, 300), max_size=4)
PINGS = st.lists(st.sampled_from([frame(PING, b"ping"), frame(PONG, b"pong")]), max_size=2)


@st.composite
def messages(draw: st.DrawFn) -> tuple[Frame, list[bytes]]:
    """A message, and frames that it can be sent in, with control frames between them."""
    opcode, payload = draw(TEXTS | BINARIES)
    at = [0, *sorted(min(cut, len(payload)) for cut in draw(CUTS)), len(payload)]
    parts = [payload[start:end] for start, end in pairwise(at)]
    return Frame(opcode, payload), [
        data for part in fragments(opcode, *parts) for data in (*draw(PINGS), part, *draw(PINGS))
    ]


@settings(max_examples=60, deadline=None)
@given(sent=st.lists(messages(), max_size=5), chop=st.integers(0, 40))
def test_any_messages_however_cut_come_back(sent: list[tuple[Frame, list[bytes]]], chop: int, echo: Server) -> None:
    with BareWebSocket(echo.url) as ws:
        ws.opened()
        ws.send(*(data for _, frames in sent for data in frames), frame(BINARY, b"the end"), chop=chop)
        heard = [ws.next()]
        while heard[-1] != Frame(BINARY, b"the end"):
            heard.append(ws.next())
        assert [said for said in heard if said.opcode != PONG][:-1] == [message for message, _ in sent]
