"""The opening handshake of WebSocket, on the server's side (RFC 6455, section 4.2)."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha1
from typing import Any, NamedTuple

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VERSION = "13"
KEY_BYTES = 16


class Answer(NamedTuple):
    """An HTTP answer."""

    status: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """The request is answered with ``answer``, and nothing begins."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def is_upgrade(environ: Mapping[str, Any]) -> bool:
    """Whether a request asks for a WebSocket."""
    asked = {token.strip().lower() for token in environ.get("HTTP_CONNECTION", "").split(",")}
    return "upgrade" in asked and environ.get("HTTP_UPGRADE", "").lower() == "websocket"


def accept(environ: Mapping[str, Any]) -> bytes:
    """The answer that opens the WebSocket. No extension and no subprotocol is accepted.

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
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {proof}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False
