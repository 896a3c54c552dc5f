"""Envelopes as signed text. Whoever can write to Redis can't speak for a process, nor move what one said."""

import hashlib
import hmac
import json
from collections.abc import Mapping

from app.engine.envelope import Envelope, Trace

Sealed = dict[str, str]


class Seal:
    """Signs with HMAC-SHA256, and opens only what was signed with the same key. Nothing is unpickled.

    Args:
        key: the same in all processes that belong together, and in no other.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    @property
    def fingerprint(self) -> str:
        """A name for those who share the key, which tells nothing of it."""
        return hmac.digest(self._key, b"fingerprint", hashlib.sha256).hex()[:16]

    def close(self, envelope: Envelope) -> Sealed:
        """``envelope`` as text and signature; the number is in the signature alone."""
        text = json.dumps([envelope.event, envelope.payload, envelope.rooms, envelope.skip, envelope.trace])
        return {"text": text, "signature": self._sign(text, envelope.seq)}

    def open(self, sealed: Mapping[str, str], seq: int | None) -> Envelope | None:
        """The envelope that was closed with the number ``seq``, or None when it was not closed with this key."""
        text = sealed.get("text", "")
        if not hmac.compare_digest(self._sign(text, seq).encode(), sealed.get("signature", "").encode()):
            return None
        event, payload, rooms, skip, trace = json.loads(text)
        return Envelope(event, payload, tuple(rooms), seq, tuple(skip), trace=Trace(*trace) if trace else None)

    def _sign(self, text: str, seq: int | None) -> str:
        return hmac.digest(self._key, f"{seq}:{text}".encode(), hashlib.sha256).hex()
