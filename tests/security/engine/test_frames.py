"""Frames of WebSocket that nobody should send cost the connection they came on, and a code that says why."""

import pytest

from tests.security.engine.servers import DropIn
from tests.security.engine.wire import BINARY, CONTINUATION, PING, TEXT, WebSocket, frame

MOST = 1_000_000  # bytes of a message: maxPayload


@pytest.mark.parametrize("size", [50_000, 125])
def test_a_message_in_fragments_without_an_end_is_cut_off_at_the_limit(size: int, ws: WebSocket) -> None:
    part = b"x" * size
    ws.write(frame(b"4" + part[1:], TEXT, fin=False) + frame(part, CONTINUATION, fin=False) * (MOST // size))
    assert ws.ended() == 1009


def test_fragments_without_an_end_take_no_memory(server: DropIn) -> None:
    before = server.resident
    for _ in range(5):
        with WebSocket(server.port) as ws:
            ws.write(frame(b"4", BINARY, fin=False) + frame(b"x" * 50_000, CONTINUATION, fin=False) * 200)
            ws.ended()
    assert server.resident - before < 10


def test_a_frame_that_announces_too_much_is_cut_off_before_it_comes(ws: WebSocket) -> None:
    ws.write(b"\x81\xff" + (MOST + 1).to_bytes(8) + b"\0\0\0\0")
    assert ws.ended() == 1009


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\x01x", 1002),  # not masked
        (b"\xc1\x81\0\0\0\0x", 1002),  # compressed, which was not agreed upon
        (b"\x83\x81\0\0\0\0x", 1002),  # no such opcode
        (b"\x80\x81\0\0\0\0x", 1002),  # continues nothing
        (frame(b"x" * 126, PING), 1002),
        (frame(b"", PING, fin=False), 1002),
        (frame("4x", fin=False) + frame("4x"), 1002),
        (frame(b"\xff", TEXT), 1007),
    ],
)
def test_what_is_no_frame_ends_the_connection_with_the_code_for_it(sent: bytes, code: int, ws: WebSocket) -> None:
    ws.write(sent)
    assert ws.ended() == code
