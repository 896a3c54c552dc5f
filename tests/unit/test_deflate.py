"""Compressed messages, RFC 7692: each by itself."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.transport.deflate import SMALLEST, compress, decompress, negotiate
from app.engine.transport.frames import BINARY, CONTINUATION, TEXT, Parser, ProtocolError, frame
from app.engine.transport.packets import Packet
from tests.unit.test_frames import masked

RSV1 = 0x40


@given(st.binary(max_size=5_000))
def test_what_was_compressed_comes_back(message: bytes) -> None:
    assert decompress(compress(message), len(message)) == message


def test_the_example_of_the_rfc_is_understood() -> None:
    hello = bytes.fromhex("f248cdc9c90700")  # section 7.2.3.1
    assert decompress(hello, 100) == b"Hello"
    assert compress(b"Hello") == hello


@pytest.mark.parametrize(
    ("offers", "accepted"),
    [
        ("permessage-deflate; client_max_window_bits", True),
        ("permessage-deflate", True),
        ("x-webkit-deflate-frame, permessage-deflate; server_no_context_takeover; client_max_window_bits=10", True),
        ("permessage-deflate; server_max_window_bits=10, permessage-deflate", True),
        ("permessage-deflate; server_max_window_bits=10", False),
        ("permessage-deflate; unheard_of", False),
        ("permessage-bzip2", False),
        ("", False),
    ],
)
def test_an_offer_is_accepted_that_demands_nothing_further(offers: str, *, accepted: bool) -> None:
    assert negotiate(offers) is accepted


def test_a_compressed_message_that_grows_past_the_bound_is_refused_before_it_is_there() -> None:
    bomb = compress(bytes(50_000_000))
    with pytest.raises(ProtocolError) as raised:
        decompress(bomb, 1_000_000)
    assert raised.value.code == 1009


def test_what_is_not_compressed_is_refused() -> None:
    with pytest.raises(ProtocolError):
        decompress(b"\xff\xff\xff", 100)


def test_a_compressed_message_may_come_in_fragments() -> None:
    whole = compress(b"hello " * 50)
    data = masked(TEXT, whole[:5], final=False, reserved=RSV1) + masked(CONTINUATION, whole[5:])
    data += masked(BINARY, b"plain")
    assert list(Parser(1_000, decompress).feed(data)) == [(TEXT, "hello " * 50), (BINARY, b"plain")]


@pytest.mark.parametrize("opcode", [CONTINUATION, 0x9])
def test_only_the_first_frame_of_a_message_says_that_it_is_compressed(opcode: int) -> None:
    begun = masked(TEXT, b"x", final=False)
    with pytest.raises(ProtocolError):
        list(Parser(1_000, decompress).feed(begun + masked(opcode, b"y", reserved=RSV1)))


def test_a_packet_is_compressed_once_and_only_if_that_is_worth_it() -> None:
    small, large = Packet.message("x" * (SMALLEST - 2)), Packet.message("x" * SMALLEST)
    assert small.compressed_frame is small.frame
    assert large.compressed_frame is large.compressed_frame
    assert len(large.compressed_frame) < 50
    payload = large.compressed_frame[2:]
    assert large.compressed_frame == frame(TEXT, payload, compressed=True)
    assert zlib.decompressobj(-15).decompress(payload) == b"4" + b"x" * SMALLEST
