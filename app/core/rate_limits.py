"""How often something may be done: one moving window a key, in memory."""

import math
import time

from flask import current_app
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.config import Settings
from app.core.errors import RateLimited


class RateLimit:
    """At most ``amount`` times in ``seconds`` for each key."""

    def __init__(self, name: str, amount: int, seconds: int) -> None:
        self._name = name
        self._item = RateLimitItemPerSecond(amount, seconds)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, key: str) -> None:
        """Raise :class:`RateLimited`, with the seconds to wait, when ``key`` has used up its window."""
        if not self._limiter.test(self._item, self._name, key):
            self._refuse(key)

    def hit(self, key: str) -> None:
        """Count one more; raise :class:`RateLimited` when it is one too many."""
        if not self._limiter.hit(self._item, self._name, key):
            self._refuse(key)

    def _refuse(self, key: str) -> None:
        resets_at, _ = self._limiter.get_window_stats(self._item, self._name, key)
        wait = max(1, math.ceil(resets_at - time.time()))
        raise RateLimited(f"Too many requests; try again in {wait} s.", retry_after=wait)


class RateLimits:
    """The limits of the HTTP API, as the settings have them."""

    def __init__(self, settings: Settings) -> None:
        self.requests = RateLimit("requests", settings.requests_per_minute, 60)
        self.logins = RateLimit("logins", settings.logins_per_minute, 60)
        self.wrong_passwords = RateLimit("wrong-passwords", settings.wrong_passwords, 15 * 60)


def rate_limits() -> RateLimits:
    """The limits of the current application."""
    limits: RateLimits = current_app.extensions["rate_limits"]
    return limits
