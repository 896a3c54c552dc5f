"""How often something may be done: one moving window a key, in memory."""

import math
import time

from flask import current_app
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.config import Settings
from app.core.errors import RateLimited

LOCKED = 15 * 60  # seconds that an account is locked for, at the most, once it had too many wrong passwords


class RateLimit:
    """At most ``amount`` times in ``seconds`` for each key; ``refusal`` is what one hears beyond that."""

    def __init__(self, name: str, amount: int, seconds: int, refusal: str = "Too many requests") -> None:
        self._name = name
        self._refusal = refusal
        self._item = RateLimitItemPerSecond(amount, seconds)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, key: str) -> None:
        """Count one more; raise :class:`RateLimited`, with the seconds to wait, when it is one too many."""
        if not self._limiter.hit(self._item, self._name, key):
            resets_at, _ = self._limiter.get_window_stats(self._item, self._name, key)
            wait = max(1, math.ceil(resets_at - time.time()))
            raise RateLimited(f"{self._refusal}; try again in {wait} s.", retry_after=wait)

    def forget(self, key: str) -> None:
        """Count anew from zero."""
        self._limiter.clear(self._item, self._name, key)


class RateLimits:
    """The limits of the application, as the settings have them."""

    def __init__(self, settings: Settings) -> None:
        self.requests = RateLimit("requests", settings.requests_per_minute, 60)
        self.logins = RateLimit("logins", settings.logins_per_minute, 60, "Too many logins from your address")
        self.wrong_passwords = RateLimit(
            "wrong-passwords", settings.wrong_passwords, LOCKED, "The account is locked because of wrong passwords"
        )
        self.locks_told = RateLimit("locks-told", 1, LOCKED)
        self.typing = RateLimit("typing", settings.typing_starts, 10, "You begin to type too often")


def rate_limits() -> RateLimits:
    """The limits of the current application."""
    limits: RateLimits = current_app.extensions["rate_limits"]
    return limits
