"""This process's connected sockets: whose they are and until when."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakValueDictionary

from flask import request

from app.config import Settings
from app.core.errors import RateLimited
from app.engine import SocketGone
from app.engine.throttle import Timer


class TokenBucket:
    """``rate`` a second in the long run, ``burst`` at once."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at = time.monotonic()

    def take(self) -> None:
        """Use one; raise :class:`RateLimited` when none is left."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            raise RateLimited("Too many commands; slow down.", {"perSecond": self._rate, "burst": self._burst})
        self._tokens -= 1


@dataclass
class Connection:
    """One socket in one namespace.

    Attributes:
        sid: its id, unique over all namespaces.
        expires_at: when its token does, and with it the connection.
        joined: the rooms that the client joined itself; those count against the limit.
    """

    sid: str
    namespace: str
    user_id: str
    login_id: str
    expires_at: datetime
    commands: TokenBucket
    expiry: Timer | None = None
    joined: set[str] = field(default_factory=set)

    @property
    def names(self) -> dict[str, str]:
        """What it is called in the log."""
        return {"user_id": self.user_id, "sid": self.sid, "namespace": self.namespace}


connections: dict[str, Connection] = {}
"""Every connected socket of this process, by sid."""

_buckets: WeakValueDictionary[str, TokenBucket] = WeakValueDictionary()


def bucket_of(transport: str, settings: Settings) -> TokenBucket:
    """The allowance that the sockets of one transport share: further namespaces bring no further commands."""
    bucket = _buckets.get(transport)
    if bucket is None:
        bucket = _buckets[transport] = TokenBucket(settings.commands_per_second, settings.commands_burst)
    return bucket


def current_connection() -> Connection:
    """The connection whose command is being handled; raises :class:`SocketGone` once it is closed."""
    connection = connections.get(request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO adds sid
    if connection is None:
        raise SocketGone
    return connection
