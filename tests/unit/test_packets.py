"""Engine.IO packets and payloads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.transport.packets import MOST_PACKETS, Malformed, Packet, decode_payload, encode_payload

message = st.binary(min_size=1) | st.text().filter(lambda text: "\x1e" not in text).map("4".__add__)


@given(st.lists(message, min_size=1))
def test_a_payload_brings_its_packets_in_order(data: list[str | bytes]) -> None:
    assert decode_payload(encode_payload([Packet(each) for each in data]).encode()) == data


def test_a_message_is_encoded_once_for_either_transport() -> None:
    text, binary = Packet.message("hi"), Packet.message(b"\x00\x01")
    assert (text.polled, text.frame) == ("4hi", b"\x81\x034hi")
    assert (binary.polled, binary.frame) == ("bAAE=", b"\x82\x02\x00\x01")
    assert text.frame is text.frame


def test_a_payload_of_endless_packets_is_refused() -> None:
    with pytest.raises(Malformed):
        decode_payload(b"\x1e".join([b"4"] * (MOST_PACKETS + 1)))


@pytest.mark.parametrize("body", [b"", b"4a\x1e", b"\x1e4a", b"bA", b"b\xc3\xa4", b"4\xff"])
def test_what_is_no_payload_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode_payload(body)
