"""WebSocket frames (RFC 6455) without a socket: bytes in, messages out, and the other way round."""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

NORMAL, PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1000, 1002, 1007, 1009
# Section 7.4.1 and the IANA registry; 3000 to 4999 are for libraries and applications.
CLOSE_CODES = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})

FIN = 0x80
RESERVED_BITS = 0x70
COMPRESSED = 0x40  # RSV1, where compression was agreed upon (RFC 7692, section 6)
MASKED = 0x80
MOST_CONTROL = 125  # bytes of a control frame's payload (section 5.5)


class ProtocolError(Exception):
    """The peer broke the protocol: the connection ends with ``code`` (section 7.4.1)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Message(NamedTuple):
    """What one or several frames said.

    Attributes:
        opcode: TEXT, BINARY, CLOSE, PING or PONG.
        data: text for TEXT, else bytes; of a CLOSE, the two bytes of its code at the most, to be sent back.
    """

    opcode: int
    data: str | bytes


def frame(opcode: int, payload: bytes, *, compressed: bool = False) -> bytes:
    """One whole frame as a server sends it: final, not masked (section 5.2)."""
    length = len(payload)
    first = FIN | opcode | (COMPRESSED if compressed else 0)
    if length <= MOST_CONTROL:
        return bytes((first, length)) + payload
    if length < 1 << 16:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A CLOSE frame with ``code``; ``reason`` is cut to what fits."""
    said = reason.encode()[: MOST_CONTROL - 2].decode(errors="ignore").encode()
    return frame(CLOSE, struct.pack("!H", code) + said)


def unmask(payload: bytes | bytearray | memoryview, mask: bytes | bytearray) -> bytes:
    """Apply the mask of section 5.3: as one big integer, since a loop over the bytes takes 200 ms a megabyte."""
    length = len(payload)
    key = (bytes(mask) * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(length, "little")


class Parser:
    """What a client sends, frame by frame.

    Args:
        most: bytes that one message may have, over all of its frames.
        decompress: makes a message, with so many bytes at the most, of what came with RSV1; None: that was not agreed.
    """

    __slots__ = ("_buffer", "_compressed", "_decompress", "_fragments", "_most", "_needed", "_opcode")

    def __init__(self, most: int, decompress: Callable[[bytes, int], bytes] | None = None) -> None:
        self._most = most
        self._decompress = decompress
        self._compressed = False  # the message whose fragments are coming
        self._buffer: bytearray | None = None  # the beginning of a frame
        self._needed = 0  # bytes that must be there before another look is worth it
        self._opcode = CONTINUATION  # of the message whose fragments are coming
        self._fragments: bytearray | None = None

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take bytes as they come; yields each message that they complete.

        Behind a CLOSE nothing is to be fed any more.

        Raises:
            ProtocolError: from here on the bytes mean nothing.
        """
        received: bytes | bytearray = data
        if self._buffer is not None:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return
            received, self._buffer = self._buffer, None
        at = 0
        while True:
            end = self._end_of_frame(received, at)
            if end is None:
                break
            message = self._message(received, at, end)
            at = end
            if message is not None:
                yield message
                if message.opcode == CLOSE:
                    return
        if at < len(received):
            self._buffer = bytearray(memoryview(received)[at:])
            self._needed -= at

    def _end_of_frame(self, received: bytes | bytearray, at: int) -> int | None:
        """Where the frame that begins at ``at`` ends, or None while it isn't all there; what it says is checked."""
        there = len(received) - at
        self._needed = at + 2
        if there < 2:
            return None
        first, second = received[at], received[at + 1]
        self._check_opcode(first)
        if not second & MASKED:
            raise ProtocolError(PROTOCOL_ERROR, "frames of a client are masked")
        length = second & 0x7F
        if length <= MOST_CONTROL:
            head = 6
        else:
            if first & 0x08:
                raise ProtocolError(PROTOCOL_ERROR, "a control frame has 125 bytes at the most")
            head = 8 if length == 126 else 14
            self._needed = at + head
            if there < head:
                return None
            length = _long_length(received, at)
        fragments = len(self._fragments) if self._fragments is not None else 0
        if not first & 0x08 and fragments + length > self._most:
            raise ProtocolError(TOO_BIG, f"a message has {self._most} bytes at the most")
        self._needed = at + head + length
        return self._needed if there >= head + length else None

    def _check_opcode(self, first: int) -> None:
        opcode = first & 0x0F
        may_be_compressed = self._decompress is not None and opcode in (TEXT, BINARY)
        if first & (RESERVED_BITS & ~COMPRESSED if may_be_compressed else RESERVED_BITS):
            raise ProtocolError(PROTOCOL_ERROR, "a reserved bit is set")
        if opcode in (TEXT, BINARY):
            if self._opcode != CONTINUATION:
                raise ProtocolError(PROTOCOL_ERROR, "a message begins before the last one ends")
        elif opcode == CONTINUATION:
            if self._opcode == CONTINUATION:
                raise ProtocolError(PROTOCOL_ERROR, "nothing is to be continued")
        elif opcode not in (CLOSE, PING, PONG):
            raise ProtocolError(PROTOCOL_ERROR, "an unknown opcode")
        elif not first & FIN:
            raise ProtocolError(PROTOCOL_ERROR, "a control frame in fragments")

    def _message(self, received: bytes | bytearray, at: int, end: int) -> Message | None:
        """The message that the frame completes, if it does."""
        first, length = received[at], received[at + 1] & 0x7F
        body = at + (6 if length <= MOST_CONTROL else 8 if length == 126 else 14)
        payload = unmask(received[body:end], received[body - 4 : body]) if end > body else b""
        opcode = first & 0x0F
        if opcode == CLOSE:
            return Message(CLOSE, _closing(payload))
        if opcode in (PING, PONG):
            return Message(opcode, payload)
        compressed = bool(first & COMPRESSED)
        if opcode == CONTINUATION or not first & FIN:
            if opcode != CONTINUATION:
                self._compressed = compressed
            whole = self._continued(opcode, payload, final=bool(first & FIN))
            if whole is None:
                return None
            opcode, payload = whole
            compressed = self._compressed
        if compressed and self._decompress is not None:
            payload = self._decompress(payload, self._most)
        return Message(opcode, _text(payload) if opcode == TEXT else payload)

    def _continued(self, opcode: int, payload: bytes, *, final: bool) -> tuple[int, bytes] | None:
        if self._fragments is None:
            self._fragments = bytearray()
            self._opcode = opcode
        self._fragments += payload
        if not final:
            return None
        whole = self._opcode, bytes(self._fragments)
        self._opcode, self._fragments = CONTINUATION, None
        return whole


def _long_length(received: bytes | bytearray, at: int) -> int:
    short = received[at + 1] & 0x7F == 126
    (length,) = struct.unpack_from("!H" if short else "!Q", received, at + 2)
    if length >> 63:
        raise ProtocolError(PROTOCOL_ERROR, "the highest bit of a length is set")
    if length < (126 if short else 1 << 16):
        raise ProtocolError(PROTOCOL_ERROR, "a length takes the fewest bytes that it can")
    return int(length)


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise ProtocolError(NOT_UTF8, "text that is not UTF-8") from None


def _closing(payload: bytes) -> bytes:
    """The code of a CLOSE frame, to be sent back."""
    if len(payload) == 1 or (payload and int.from_bytes(payload[:2], "big") not in CLOSE_CODES):
        raise ProtocolError(PROTOCOL_ERROR, "not a code to close with")
    _text(payload[2:])
    return payload[:2]
