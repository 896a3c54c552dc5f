"""Compression of messages (permessage-deflate, RFC 7692), each by itself: then one is compressed once for everybody.

With context takeover, which is what is usual, each connection has a compressor of its own, of 256 KB, and compresses
each broadcast anew.
"""

import zlib

from app.engine.transport.frames import NOT_UTF8, TOO_BIG, ProtocolError

ACCEPTED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
SMALLEST = 1024  # bytes of a message that is worth it, as on Node.js
TAIL = b"\x00\x00\xff\xff"  # ends what a compressor flushes; left out on the wire (section 7.2.1)
# Parameters of an offer that ask nothing of a server, or what it does anyway (section 7.1).
HARMLESS = frozenset({"server_no_context_takeover", "client_no_context_takeover", "client_max_window_bits"})


def negotiate(offers: str) -> bool:
    """Whether one of the offers in a Sec-WebSocket-Extensions header can be answered with :data:`ACCEPTED`."""
    for offer in offers.split(","):
        name, *parameters = (part.strip() for part in offer.split(";"))
        if name == "permessage-deflate" and {part.partition("=")[0].strip() for part in parameters} <= HARMLESS:
            return True
    return False


def compress(message: bytes) -> bytes:
    """What a frame with RSV1 holds for ``message``."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return (compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)


def decompress(payload: bytes, most: int) -> bytes:
    """The message in a frame with RSV1.

    Raises:
        ProtocolError: it is none, or has more than ``most`` bytes.
    """
    decompressor = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        message = decompressor.decompress(payload + TAIL, most + 1)
    except zlib.error as error:
        raise ProtocolError(NOT_UTF8, f"not compressed: {error}") from None
    if len(message) > most:
        raise ProtocolError(TOO_BIG, f"a message has {most} bytes at the most")
    return message
