"""What the push routes take and answer."""

import base64
import re
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import AfterValidator, Field

from app.core.clock import Timestamp
from app.core.schema import Schema
from app.push.models import LONGEST_ENDPOINT


def _bytes(text: str) -> bytes:
    digits = text.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", digits) or len(digits) % 4 == 1:
        raise ValueError("must be base64url")
    return base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))


def _point(text: str) -> str:
    """An uncompressed point of P-256 (RFC 8291, section 3.1)."""
    raw = _bytes(text)
    if len(raw) != 65:
        raise ValueError("must be 65 bytes in base64url")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError as error:
        raise ValueError("must be a point of the curve P-256, uncompressed") from error
    return text.rstrip("=")


def _secret(text: str) -> str:
    if len(_bytes(text)) != 16:  # RFC 8291, section 3.2
        raise ValueError("must be 16 bytes in base64url")
    return text.rstrip("=")


Endpoint = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_ENDPOINT,
        description="The address of a push service in the internet, over HTTPS.",
        json_schema_extra={"format": "uri"},
    ),
]


class PublicKey(Schema):
    """What a browser subscribes with: its ``applicationServerKey``, in base64url."""

    public_key: str


class SubscriptionKeys(Schema):
    """What pushes to a browser are encrypted with, each in base64url."""

    p256dh: Annotated[
        str,
        Field(alias="p256dh", max_length=100, description="An uncompressed point of P-256: RFC 8291, section 3.1."),
        AfterValidator(_point),
    ]
    auth: Annotated[str, Field(max_length=30, description="16 bytes."), AfterValidator(_secret)]


class Subscribe(Schema):
    """A browser's ``PushSubscription.toJSON()``. When it expires is not kept: the push service says so by then."""

    endpoint: Endpoint
    expiration_time: float | None = None
    keys: SubscriptionKeys


class Unsubscribe(Schema):
    """Which subscription ends."""

    endpoint: Endpoint


class SubscriptionView(Schema):
    """A device that is pushed to."""

    id: str
    endpoint: str
    created_at: Timestamp
