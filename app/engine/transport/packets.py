"""Engine.IO packets and payloads, without a connection: https://github.com/socketio/engine.io-protocol, version 4."""

from base64 import b64decode, b64encode

from app.engine.transport.deflate import SMALLEST, compress
from app.engine.transport.frames import BINARY, TEXT, frame

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
PROBE = "probe"
SEPARATOR = "\x1e"  # between the packets of a payload
BASE64 = "b"
MOST_PACKETS = 10_000  # of one POST: to read so many takes 10 ms


class Malformed(ValueError):
    """What a client sent is no packet, or none that it may send now."""


class Packet:
    """A packet to be sent, encoded once for however many it goes to.

    Attributes:
        data: text with its type before it, or the bytes of a binary message.
    """

    __slots__ = ("_compressed", "_frame", "data")

    def __init__(self, data: str | bytes) -> None:
        self.data = data
        self._frame: bytes | None = None
        self._compressed: bytes | None = None

    @classmethod
    def message(cls, data: str | bytes) -> "Packet":
        """``data`` as a message."""
        return cls(MESSAGE + data if isinstance(data, str) else data)

    @property
    def frame(self) -> bytes:
        """As a WebSocket frame."""
        if self._frame is None:
            self._frame = frame(*self._payload())
        return self._frame

    @property
    def compressed_frame(self) -> bytes:
        """As a WebSocket frame for who takes compressed ones; compressed if that is worth it."""
        if len(self.data) < SMALLEST:
            return self.frame
        if self._compressed is None:
            opcode, payload = self._payload()
            self._compressed = frame(opcode, compress(payload), compressed=True)
        return self._compressed

    def _payload(self) -> tuple[int, bytes]:
        return (TEXT, self.data.encode()) if isinstance(self.data, str) else (BINARY, self.data)

    @property
    def polled(self) -> str:
        """As it stands in a payload."""
        return self.data if isinstance(self.data, str) else BASE64 + b64encode(self.data).decode()

    def __len__(self) -> int:
        return len(self.data)


def encode_payload(packets: list[Packet]) -> str:
    """Several packets as the answer to one poll."""
    return SEPARATOR.join([packet.polled for packet in packets])


def decode(text: str) -> str | bytes:
    """One packet: the bytes that it holds, if it is binary in base64.

    Raises:
        Malformed: it is empty, or its base64 is none.
    """
    if not text:
        raise Malformed("an empty packet")
    if text[0] != BASE64:
        return text
    try:
        return b64decode(text[1:], validate=True)
    except ValueError as error:
        raise Malformed(str(error)) from None


def decode_payload(body: bytes) -> list[str | bytes]:
    """The packets of a POST.

    Raises:
        Malformed: it is not UTF-8, or one of them is none, or there are too many.
    """
    try:
        texts = body.decode().split(SEPARATOR, MOST_PACKETS)
    except UnicodeDecodeError as error:
        raise Malformed(str(error)) from None
    if len(texts) > MOST_PACKETS:
        raise Malformed(f"more than {MOST_PACKETS} packets in one payload")
    return [decode(text) for text in texts]
