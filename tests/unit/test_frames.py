"""WebSocket frames, RFC 6455: what is said arrives, however it is cut, and what is wrong ends with the right code."""

import os
import struct
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.transport.frames import (
    BINARY,
    CLOSE,
    CLOSE_CODES,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Message,
    Parser,
    ProtocolError,
    close_frame,
    frame,
    unmask,
)

MOST = 100_000


def masked(opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0) -> bytes:
    """A frame as a client sends it."""
    whole = frame(opcode, payload)
    head = len(whole) - len(payload)
    mask = os.urandom(4)
    first = (whole[0] if final else whole[0] & 0x7F) | reserved
    return bytes((first, whole[1] | 0x80)) + whole[2:head] + mask + unmask(payload, mask)


def parsed(data: bytes, most: int = MOST) -> list[Message]:
    return list(Parser(most).feed(data))


def code_of(data: bytes, most: int = MOST) -> int:
    with pytest.raises(ProtocolError) as raised:
        parsed(data, most)
    return raised.value.code


texts = st.tuples(st.just(TEXT), st.text(max_size=300).map(str.encode))
binaries = st.tuples(st.just(BINARY), st.binary(max_size=70_000) | st.binary(max_size=300))
controls = st.tuples(st.sampled_from((PING, PONG)), st.binary(max_size=125))
cuts = st.lists(st.integers(1, 300), min_size=1, max_size=20)


@given(st.lists(st.tuples(texts | binaries, cuts, st.none() | controls), max_size=5), cuts)
def test_messages_arrive_whole_in_whatever_frames_and_segments_they_come(
    said: Sequence[tuple[tuple[int, bytes], list[int], tuple[int, bytes] | None]], segments: list[int]
) -> None:
    data, expected = b"", []
    for (opcode, payload), fragments, control in said:
        pieces = cut(payload, fragments) if len(payload) > 1 else [payload]
        for number, piece in enumerate(pieces):
            kind = opcode if number == 0 else CONTINUATION
            data += masked(kind, piece, final=number == len(pieces) - 1)
            if control is not None and number == 0:
                data += masked(*control)
        whole = Message(opcode, payload.decode() if opcode == TEXT else payload)
        between = [] if control is None else [Message(*control)]
        expected += [*between, whole] if len(pieces) > 1 else [whole, *between]
    parser = Parser(MOST)
    assert [message for piece in cut(data, segments) for message in parser.feed(piece)] == expected


def cut(data: bytes, lengths: list[int]) -> list[bytes]:
    """``data`` in pieces of these lengths, the last of them again and again."""
    pieces = []
    for length in lengths:
        pieces.append(data[:length])
        data = data[length:]
    while data:
        pieces.append(data[: max(lengths[-1], 1 + len(data) // 50)])
        data = data[len(pieces[-1]) :]
    return [piece for piece in pieces if piece]


@given(st.binary(max_size=2_000))
def test_whatever_comes_is_parsed_or_refused(data: bytes) -> None:
    with suppress(ProtocolError):
        parsed(data)


@given(st.binary(max_size=1_000), st.binary(min_size=4, max_size=4))
def test_masking_twice_changes_nothing(payload: bytes, mask: bytes) -> None:
    assert unmask(unmask(payload, mask), mask) == payload
    assert unmask(payload, mask) == bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_a_length_takes_the_fewest_bytes_that_it_can(length: int) -> None:
    assert len(frame(BINARY, bytes(length))) - length == (2 if length < 126 else 4 if length < 65_536 else 10)
    assert parsed(masked(BINARY, bytes(length))) == [(BINARY, bytes(length))]


def test_a_length_in_more_bytes_than_it_needs_is_refused() -> None:
    assert code_of(b"\x82\xfe\x00\x05" + bytes(9)) == 1002
    assert code_of(b"\x82\xff" + struct.pack("!Q", 300) + bytes(304)) == 1002


def test_a_length_whose_highest_bit_is_set_is_refused() -> None:
    assert code_of(b"\x82\xff" + struct.pack("!Q", 1 << 63) + bytes(4)) == 1002


def test_a_frame_that_is_not_masked_is_refused() -> None:
    assert code_of(frame(TEXT, b"hello")) == 1002


@pytest.mark.parametrize("bit", [0x40, 0x20, 0x10])
def test_a_reserved_bit_is_refused(bit: int) -> None:
    assert code_of(masked(TEXT, b"hello", reserved=bit)) == 1002


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_an_opcode_without_a_meaning_is_refused(opcode: int) -> None:
    assert code_of(masked(opcode)) == 1002


@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
def test_a_control_frame_is_whole_and_short(opcode: int) -> None:
    assert code_of(masked(opcode, final=False)) == 1002
    assert code_of(b"%c\xfe\x00\x7e" % (0x80 | opcode)) == 1002


def test_nothing_continues_that_did_not_begin_and_nothing_begins_before_the_last_has_ended() -> None:
    assert code_of(masked(CONTINUATION, b"x")) == 1002
    assert code_of(masked(TEXT, b"x", final=False) + masked(TEXT, b"y")) == 1002


def test_text_that_is_not_utf8_is_refused_and_a_character_may_be_cut() -> None:
    assert code_of(masked(TEXT, b"\xed\xa0\x80")) == 1007
    euro = "€".encode()
    assert parsed(masked(TEXT, euro[:1], final=False) + masked(CONTINUATION, euro[1:])) == [(TEXT, "€")]


def test_a_message_that_is_too_big_is_refused_before_it_is_there() -> None:
    assert code_of(masked(BINARY, bytes(101))[:4], most=100) == 1009


def test_a_message_that_grows_too_big_over_its_frames_is_refused() -> None:
    first = masked(BINARY, bytes(60), final=False)
    assert code_of(first + masked(CONTINUATION, bytes(41))[:2], most=100) == 1009
    assert parsed(first + masked(CONTINUATION, bytes(40)), most=100) == [(BINARY, bytes(100))]


@pytest.mark.parametrize("code", sorted(CLOSE_CODES & set(range(3001)) | {4999}))
def test_a_close_brings_its_code(code: int) -> None:
    assert parsed(masked(CLOSE, struct.pack("!H", code) + b"bye")) == [(CLOSE, struct.pack("!H", code))]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])
def test_a_code_that_may_not_be_sent_is_refused(code: int) -> None:
    assert code_of(masked(CLOSE, struct.pack("!H", code))) == 1002


def test_a_close_may_say_nothing_but_not_half_a_code_nor_a_reason_that_is_not_utf8() -> None:
    assert parsed(masked(CLOSE)) == [(CLOSE, b"")]
    assert code_of(masked(CLOSE, b"\x03")) == 1002
    assert code_of(masked(CLOSE, struct.pack("!H", 1000) + b"\xff")) == 1007


def test_what_comes_behind_a_close_is_not_looked_at() -> None:
    assert [message.opcode for message in parsed(masked(CLOSE) + b"\xff\xff")] == [CLOSE]


def test_messages_before_a_mistake_still_count() -> None:
    parser = Parser(MOST).feed(masked(TEXT, b"good") + masked(7))
    assert next(parser) == (TEXT, "good")
    with pytest.raises(ProtocolError):
        next(parser)


def test_the_reason_of_a_close_is_cut_to_what_a_control_frame_holds() -> None:
    whole = close_frame(1008, "ä" * 100)
    assert len(whole) == 2 + 124
    assert whole[4:].decode() == "ä" * 61
