"""Envelopes as signed text. Whoever can write to Redis can't speak for a process, nor move or repeat what one said."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from enum import StrEnum
from itertools import count

from app.engine.envelope import Envelope, Trace

MOST_WRITERS = 10_000  # whose last turn is known; each process that ever wrote is one

Sealed = dict[str, str]


class Refused(StrEnum):
    """Why an entry is no envelope."""

    FORGED = "forged"
    REPEATED = "repeated"


class Seal:
    """Signs with HMAC-SHA256, and opens only what was signed with the same key. Nothing is unpickled.

    What has no number has a turn: its writer, and how many that has written. So it is opened once, by who has read that
    writer before.

    Args:
        key: the same in all processes that belong together, and in no other.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._name = secrets.token_hex(8)
        self._turns = count(1)
        self._opened: dict[str, int] = {}  # the newest turn of each writer; who wrote last comes last

    @property
    def fingerprint(self) -> str:
        """A name for those who share the key, which tells nothing of it."""
        return hmac.digest(self._key, b"fingerprint", hashlib.sha256).hex()[:16]

    def close(self, envelope: Envelope) -> Sealed:
        """``envelope`` as text and signature; its number is in the signature alone, its turn beside the text.

        What is closed first must be written first: else it passes for a repetition.
        """
        text = json.dumps([envelope.event, envelope.payload, envelope.rooms, envelope.skip, envelope.trace])
        if envelope.seq is not None:
            return {"text": text, "signature": self._sign(text, str(envelope.seq))}
        turn = f"{self._name}.{os.getpid()}-{next(self._turns)}"  # a fork is a writer of its own
        return {"text": text, "turn": turn, "signature": self._sign(text, turn)}

    def open(self, sealed: Mapping[str, str], seq: int | None) -> Envelope | Refused:
        """The envelope that was closed with the number ``seq``; without one, for the first time and not behind a newer
        one of its writer.
        """
        text, turn = sealed.get("text", ""), sealed.get("turn", "")
        place = turn if seq is None else str(seq)
        if not hmac.compare_digest(self._sign(text, place).encode(), sealed.get("signature", "").encode()):
            return Refused.FORGED
        if seq is None:
            writer, _, number = turn.rpartition("-")
            if not writer:
                return Refused.FORGED  # a numbered one, without its number
            if not self._is_next(writer, int(number)):
                return Refused.REPEATED
        event, payload, rooms, skip, trace = json.loads(text)
        return Envelope(event, payload, tuple(rooms), seq, tuple(skip), trace=Trace(*trace) if trace else None)

    def _is_next(self, writer: str, number: int) -> bool:
        newest = self._opened.pop(writer, 0)
        self._opened[writer] = max(newest, number)
        if len(self._opened) > MOST_WRITERS:
            del self._opened[next(iter(self._opened))]
        return number > newest

    def _sign(self, text: str, place: str) -> str:
        return hmac.digest(self._key, f"{place}:{text}".encode(), hashlib.sha256).hex()
