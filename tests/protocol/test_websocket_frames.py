"""What a frame may be (RFC 6455, sections 5.1 to 5.5). On what it may not be, the connection fails with 1002."""

import pytest

from tests.support.bare_websocket import BareWebSocket
from tests.support.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, fragments, frame, header

PROTOCOL_ERROR = 1002
HELLO = frame(TEXT, b"4hello")
RESERVED_DATA, RESERVED_CONTROL = [3, 4, 5, 6, 7], [11, 12, 13, 14, 15]


@pytest.mark.parametrize("payload", [b"", b"hello", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125])
@pytest.mark.parametrize("chop", [0, 1])
def test_a_ping_is_answered_with_its_payload(payload: bytes, chop: int, ws: BareWebSocket) -> None:
    ws.send(frame(PING, payload), chop=chop)
    assert ws.next() == Frame(PONG, payload)


# A pong may be left out when another ping has come since (section 5.5.3): the newest one is always answered.
@pytest.mark.parametrize("chop", [0, 1])
def test_of_many_pings_the_last_is_answered_last(chop: int, ws: BareWebSocket) -> None:
    pings = [f"payload-{number}".encode() for number in range(10)]
    ws.send(*(frame(PING, payload) for payload in pings), chop=chop)
    pongs = [ws.next()]
    while pongs[-1].payload != pings[-1]:
        pongs.append(ws.next())
    assert [pong.opcode for pong in pongs] == [PONG] * len(pongs)
    answered = [pings.index(pong.payload) for pong in pongs]
    assert answered == sorted(set(answered))


@pytest.mark.parametrize("payload", [b"", b"hello", b"\xff" * 125])
def test_a_pong_that_nobody_asked_for_is_ignored(payload: bytes, ws: BareWebSocket) -> None:
    ws.send(frame(PONG, payload), frame(PING, b"now"), HELLO)
    assert {ws.next(), ws.next()} == {Frame(PONG, b"now"), Frame(TEXT, b"4hello")}


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
@pytest.mark.parametrize("length", [126, 65536])
def test_a_control_frame_of_more_than_125_bytes_fails(opcode: int, length: int, ws: BareWebSocket) -> None:
    ws.send(frame(opcode, (1000).to_bytes(2) + b"x" * (length - 2)))
    assert ws.close_code() == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_a_control_frame_in_fragments_fails(opcode: int, ws: BareWebSocket) -> None:
    ws.send(frame(opcode, fin=False), frame(CONTINUATION))
    assert ws.close_code() == PROTOCOL_ERROR


@pytest.mark.parametrize("rsv", range(1, 8))
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG, CLOSE])
def test_a_reserved_bit_fails(opcode: int, rsv: int, ws: BareWebSocket) -> None:
    ws.send(frame(opcode, b"" if opcode == CLOSE else b"4x", rsv=rsv), HELLO)
    assert ws.close_code() == PROTOCOL_ERROR


@pytest.mark.parametrize("rsv", [1, 2, 4])
def test_a_reserved_bit_of_a_continuation_fails(rsv: int, ws: BareWebSocket) -> None:
    ws.send(frame(TEXT, b"4x", fin=False), frame(CONTINUATION, b"y", rsv=rsv))
    assert ws.close_code() == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", RESERVED_DATA + RESERVED_CONTROL)
@pytest.mark.parametrize("payload", [b"", b"4hello"])
def test_a_reserved_opcode_fails(opcode: int, payload: bytes, ws: BareWebSocket) -> None:
    ws.send(frame(opcode, payload), frame(PING))
    assert ws.close_code() == PROTOCOL_ERROR


@pytest.mark.parametrize("chop", [0, 1])
@pytest.mark.parametrize("wrong", [frame(TEXT, b"4x", rsv=2), frame(3), frame(11, b"x")], ids=["rsv", "3", "11"])
def test_what_came_before_a_wrong_frame_was_answered(wrong: bytes, chop: int, ws: BareWebSocket) -> None:
    ws.send(HELLO, chop=chop)
    assert ws.next_text() == "4hello"
    ws.send(wrong, HELLO, chop=chop)
    assert ws.close_code() == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, CLOSE])
@pytest.mark.parametrize("payload", [b"", b"4hello"])
def test_a_frame_without_a_mask_fails(opcode: int, payload: bytes, ws: BareWebSocket) -> None:
    ws.send(frame(opcode, b"" if opcode == CLOSE else payload, masked=False))
    assert ws.close_code() == PROTOCOL_ERROR


# "In all cases, the minimal number of bytes MUST be used to encode the length" (section 5.2).
@pytest.mark.parametrize(("length", "width"), [(0, 2), (125, 2), (0, 8), (125, 8), (126, 8), (65535, 8)])
def test_a_length_in_more_bytes_than_it_needs_fails(length: int, width: int, ws: BareWebSocket) -> None:
    ws.send(frame(BINARY, b"x" * length, width=width))
    assert ws.close_code() == PROTOCOL_ERROR


@pytest.mark.parametrize("length", [1 << 63, (1 << 63) + 5, (1 << 64) - 1])
def test_a_length_with_the_highest_of_its_64_bits_fails(length: int, ws: BareWebSocket) -> None:
    ws.send(header(BINARY, length, width=8) + b"x" * 5)
    assert ws.close_code() == PROTOCOL_ERROR


def test_a_message_in_fragments_is_one(ws: BareWebSocket) -> None:
    ws.send(*fragments(TEXT, b"4frag", b"ment", b"s"))
    assert ws.next() == Frame(TEXT, b"4fragments")
    ws.send(*fragments(BINARY, b"\x00", b"\xff\xfe", b"\x01"))
    assert ws.next() == Frame(BINARY, b"\x00\xff\xfe\x01")


@pytest.mark.parametrize("chop", [0, 1])
@pytest.mark.parametrize(
    "parts",
    [(b"4a", b""), (b"", b"4a"), (b"", b"4", b"", b"a", b""), (b"4", b"", b"", b"a")],
    ids=["last", "first", "everywhere", "middle"],
)
def test_fragments_may_be_empty(parts: tuple[bytes, ...], chop: int, ws: BareWebSocket) -> None:
    ws.send(*fragments(TEXT, *parts), chop=chop)
    assert ws.next_text() == "4a"


def test_a_binary_message_of_empty_fragments_is_an_empty_one(ws: BareWebSocket) -> None:
    ws.send(*fragments(BINARY, b"", b"", b""))
    assert ws.next() == Frame(BINARY, b"")


@pytest.mark.parametrize("chop", [0, 1])
def test_a_ping_between_fragments_is_answered_before_the_message(chop: int, ws: BareWebSocket) -> None:
    first, second, third = fragments(TEXT, b"4one ", b"two ", b"three")
    ws.send(first, frame(PING, b"a"), chop=chop)
    assert ws.next() == Frame(PONG, b"a")
    ws.send(second, frame(PING, b"b"), frame(PONG, b"ignored"), chop=chop)
    assert ws.next() == Frame(PONG, b"b")
    ws.send(third, chop=chop)
    assert ws.next_text() == "4one two three"


@pytest.mark.parametrize("fin", [True, False])
@pytest.mark.parametrize("payload", [b"", b"4hello"])
def test_a_continuation_of_nothing_fails(payload: bytes, ws: BareWebSocket, *, fin: bool) -> None:
    ws.send(frame(CONTINUATION, payload, fin=fin), HELLO)
    assert ws.close_code() == PROTOCOL_ERROR


@pytest.mark.parametrize("fin", [True, False])
def test_a_continuation_behind_a_whole_message_fails(ws: BareWebSocket, *, fin: bool) -> None:
    ws.send(HELLO)
    assert ws.next_text() == "4hello"
    ws.send(frame(CONTINUATION, b"more", fin=fin), HELLO)
    assert ws.close_code() == PROTOCOL_ERROR


def test_a_continuation_behind_the_last_fragment_fails(ws: BareWebSocket) -> None:
    ws.send(*fragments(TEXT, b"4a", b"b"))
    assert ws.next_text() == "4ab"
    ws.send(frame(CONTINUATION, b"c"))
    assert ws.close_code() == PROTOCOL_ERROR


@pytest.mark.parametrize("fin", [True, False])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_that_begins_within_another_fails(opcode: int, ws: BareWebSocket, *, fin: bool) -> None:
    ws.send(frame(TEXT, b"4a", fin=False), frame(opcode, b"4b", fin=fin))
    assert ws.close_code() == PROTOCOL_ERROR
