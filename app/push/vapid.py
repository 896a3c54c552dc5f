"""VAPID (RFC 8292): how the server shows push services who it is, and browsers whose pushes they subscribe to."""

import base64
import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import current_app
from py_vapid import Vapid02

from app.config import Settings
from app.core.errors import Unavailable

LIFETIME = 12 * 3600  # seconds; RFC 8292, section 2: 24 hours at the most
RENEWED = 3600  # seconds after which a new token is signed
MOST_ORIGINS = 100  # whose tokens are kept; there are a handful of push services
CONTACT_IN_DEVELOPMENT = "mailto:development@localhost"


def new_private_key() -> str:
    """A new private key, as the setting takes it: base64url, without padding."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _base64url(key.private_numbers().private_value.to_bytes(32))


class Vapid:
    """The server's key pair, and whom a push service may write to about its pushes."""

    def __init__(self, private_key: str, contact: str) -> None:
        self._signer = Vapid02.from_raw(private_key.encode())
        self._contact = contact
        self._tokens: dict[str, tuple[float, str]] = {}
        point = self._signer.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_key = _base64url(point)

    def authorization(self, origin: str) -> str:
        """The header ``Authorization`` for the push service at ``origin``; the same for an hour."""
        at, token = self._tokens.get(origin, (0.0, ""))
        if not at <= time.time() < at + RENEWED:
            if len(self._tokens) >= MOST_ORIGINS:
                self._tokens.clear()
            at = time.time()
            claims = {"aud": origin, "sub": self._contact, "exp": int(at) + LIFETIME}
            token = self._signer.sign(claims)["Authorization"]
            self._tokens[origin] = at, token
        return token


def vapid_of(settings: Settings) -> Vapid | None:
    """The server's identity; None where Web Push is off: in production without a key."""
    if settings.production and not settings.vapid_private_key:
        return None
    private_key = settings.development_secret("vapid_private_key", new_private_key)
    return Vapid(private_key, settings.vapid_contact or CONTACT_IN_DEVELOPMENT)


def is_on() -> bool:
    """Whether the current application pushes."""
    return current_app.extensions["vapid"] is not None


def current_vapid() -> Vapid:
    """The identity of the current application.

    Raises:
        Unavailable: Web Push is off.
    """
    vapid: Vapid | None = current_app.extensions["vapid"]
    if vapid is None:
        raise Unavailable("Web Push is not set up on this server.")
    return vapid


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
