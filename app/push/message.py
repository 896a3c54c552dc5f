"""What a push says, small enough for every push service."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Literal

from app.core import json

LONGEST_BODY = 300  # characters; RFC 8030, section 7.2: 4,096 bytes are accepted everywhere, 103 of them encryption
PAGE = "/dashboard"
TOPIC_CHARACTERS = 32  # RFC 8030, section 5.4


@dataclass(frozen=True)
class PushMessage:
    """What a service worker is told.

    Attributes:
        tag: of what is about the same, the newest takes the place of those before, on the device and, while that is
            unreachable, at the push service.
        urgency: whether to wake a device that saves its battery (RFC 8030, section 5.3).
    """

    title: str
    body: str
    tag: str
    urgency: Literal["normal", "high"]

    @property
    def data(self) -> bytes:
        """It as JSON: ``{title, body, url, tag}``."""
        body = self.body if len(self.body) <= LONGEST_BODY else f"{self.body[: LONGEST_BODY - 1]}…"
        return json.dumps({"title": self.title, "body": body, "url": PAGE, "tag": self.tag}).encode()

    @property
    def topic(self) -> str:
        """What the push service knows the tag by: it tells nothing of what the push is about."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.tag.encode()).digest()).decode()[:TOPIC_CHARACTERS]
