"""The WebSocket frames of a client that sends short texts, and hears longer ones: RFC 6455 as far as that goes."""

from collections.abc import Iterator

from app.engine.transport.deflate import decompress

MASK = b"\x5a\xc3\x3c\xa5"  # any will do: nothing between here and the server could be tricked
TEXT = 0x81
COMPRESSED = 0x40
MOST = 1 << 20  # bytes of a message
LONG = 126  # the length is in the two bytes that follow


def masked(text: bytes) -> bytes:
    """The frame of a client's message."""
    size = len(text)
    length = bytes([0x80 | size]) if size < LONG else bytes([0x80 | LONG]) + size.to_bytes(2)
    key = int.from_bytes((MASK * (size // 4 + 1))[:size])
    return bytes([TEXT]) + length + MASK + (int.from_bytes(text) ^ key).to_bytes(size)


def messages(data: bytearray) -> Iterator[bytes]:
    """Take the server's messages that are complete off the front of ``data``."""
    while len(data) >= 2:
        start, size = 2, data[1]
        if size == LONG:
            start, size = 4, int.from_bytes(data[2:4])
        if len(data) < start + size:
            return
        message = bytes(data[start : start + size])
        yield decompress(message, MOST) if data[0] & COMPRESSED else message
        del data[: start + size]
