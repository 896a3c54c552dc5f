"""The opening handshake of WebSocket, on the server's side (RFC 6455, section 4.2)."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha1
from typing import Any, NamedTuple

from app.engine.transport import deflate

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSION = "13"
KEY_BYTES = 16


class Answer(NamedTuple):
    """An HTTP answer."""

    status: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Accepted(NamedTuple):
    """The answer that opens a WebSocket, and whether messages may be compressed."""

    answer: bytes
    compressed: bool


class Refused(Exception):
    """The request is answered with ``answer``, and nothing begins."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def is_upgrade(environ: Mapping[str, Any]) -> bool:
    """Whether a request asks for a WebSocket."""
    asked = {token.strip().lower() for token in environ.get("HTTP_CONNECTION", "").split(",")}
    return "upgrade" in asked and environ.get("HTTP_UPGRADE", "").lower() == "websocket"


def accept(environ: Mapping[str, Any], *, compression: bool = False) -> Accepted:
    """The answer that opens the WebSocket. No subprotocol is accepted.

    Args:
        compression: whether messages may be compressed, if the client offers that.

    Raises:
        Refused: the request is no handshake, or one of a version that is not this one.
    """
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != VERSION:
        headers = (("Sec-WebSocket-Version", VERSION),)
        status = "426 Upgrade Required" if "HTTP_SEC_WEBSOCKET_VERSION" in environ else "400 Bad Request"
        raise Refused(Answer(status, b"WebSocket 13 is spoken here", headers))
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    if not is_upgrade(environ) or "HTTP_HOST" not in environ or not _is_key(key):
        raise Refused(Answer("400 Bad Request", b"not a WebSocket handshake"))
    proof = b64encode(sha1((key + GUID).encode(), usedforsecurity=False).digest()).decode()
    compressed = compression and deflate.negotiate(environ.get("HTTP_SEC_WEBSOCKET_EXTENSIONS", ""))
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {proof}",
        *([f"Sec-WebSocket-Extensions: {deflate.ACCEPTED}"] if compressed else []),
    )
    return Accepted(("\r\n".join(lines) + "\r\n\r\n").encode(), compressed)


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False
