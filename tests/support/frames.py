"""Frames of WebSocket (RFC 6455, section 5.2), byte by byte: the right ones, and those that no library sends."""

from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x37\xfa\x21\x3d"
MINIMAL_LENGTH = {2: 126, 8: 65536}  # of a payload, by the number of bytes that its length is written in


class Frame(NamedTuple):
    """One frame, without its mask."""

    opcode: int
    payload: bytes = b""
    fin: bool = True


def header(opcode: int, length: int, *, fin: bool = True, rsv: int = 0, masked: bool = True, width: int = 0) -> bytes:
    """What stands before the payload, its mask included.

    :param rsv: the reserved bits, as a number from 0 to 7
    :param width: the bytes to write the length in (1, 2 or 8); as few as possible unless given
    """
    width = width or (1 if length < 126 else 2 if length < 65536 else 8)
    first, second = fin << 7 | rsv << 4 | opcode, masked << 7
    if width == 1:
        head = bytes((first, second | length))
    else:
        head = bytes((first, second | (126 if width == 2 else 127))) + length.to_bytes(width)
    return head + MASK if masked else head


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True, width: int = 0
) -> bytes:
    """A whole frame as clients send it; for the arguments see :func:`header`."""
    head = header(opcode, len(payload), fin=fin, rsv=rsv, masked=masked, width=width)
    return head + (mask(payload) if masked else payload)


def close(code: int, reason: bytes = b"") -> bytes:
    """A Close frame."""
    return frame(CLOSE, code.to_bytes(2) + reason)


def fragments(opcode: int, *parts: bytes) -> list[bytes]:
    """The frames of one message that is sent in parts."""
    last = len(parts) - 1
    return [frame(CONTINUATION if at else opcode, part, fin=at == last) for at, part in enumerate(parts)]


def mask(payload: bytes) -> bytes:
    """The payload under `MASK`."""
    key = (MASK * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(len(payload))
