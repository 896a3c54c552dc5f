"""Tokens like a user's own, but for what is told: by who knows the key, and by who does not."""

import base64
import hmac
import json
from pathlib import Path
from time import time
from typing import Any

import jwt

from tests.support.server import Server


def key_of(server: Server) -> str:
    """The secret that a development server signs tokens with."""
    return (Path(server.env["INSTANCE_PATH"]) / "jwt_secret_key").read_text()


def forged(
    token: str,
    key: str,
    algorithm: str = "HS256",
    headers: dict[str, Any] | None = None,
    without: str = "",
    **claims: Any,
) -> str:
    """``token`` signed anew, with other headers and claims.

    :param key: a secret, or a private key in PEM
    :param without: a claim to leave out
    """
    real = jwt.decode(token, options={"verify_signature": False}) | claims
    real.pop(without, None)
    return jwt.encode(real, key, algorithm, jwt.get_unverified_header(token) | {"alg": algorithm} | (headers or {}))


def signed_by_hand(token: str, algorithm: str, key: bytes, digest: str) -> str:
    """The claims of ``token`` with an HMAC that libraries refuse to make; without a ``digest`` with no signature."""
    header = jwt.get_unverified_header(token) | {"alg": algorithm}
    signed = _encoded(json.dumps(header).encode()) + "." + token.split(".")[1]
    return f"{signed}.{_encoded(hmac.digest(key, signed.encode(), digest)) if digest else ''}"


def ago(seconds: float) -> int:
    """A time, as claims have it; less than 0 seconds ago is still to come."""
    return int(time() - seconds)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
