"""How often something may be done: one moving window a key."""

import math

from flask import current_app
from limits import RateLimitItemPerSecond

from app.config import Settings
from app.core import metrics
from app.core.errors import RateLimited
from app.core.rate_windows import OwnWindows, RateWindows

LOCKED = 15 * 60  # seconds that an account is locked for, at the most, once it had too many wrong passwords


class RateLimit:
    """At most ``amount`` times in ``seconds`` for each key, as ``windows`` has counted it.

    ``refusal`` is what one hears beyond that.
    """

    def __init__(
        self, windows: RateWindows, name: str, amount: int, seconds: int, refusal: str = "Too many requests"
    ) -> None:
        self._windows = windows
        self._name = name
        self._refusal = refusal
        self._item = RateLimitItemPerSecond(amount, seconds)

    def hit(self, key: str) -> None:
        """Count one more; raise :class:`RateLimited`, with the seconds to wait, when it is one too many."""
        wait = self._windows.hit(self._item, self._name, key)
        if wait:
            seconds = math.ceil(wait)
            raise RateLimited(f"{self._refusal}; try again in {seconds} s.", retry_after=seconds)

    def forget(self, key: str) -> None:
        """Count anew from zero."""
        self._windows.forget(self._item, self._name, key)


class RateLimits:
    """The limits of the application, as the settings have them.

    Args:
        settings: how often.
        shared: counts what is limited over all processes. Who begins to type is counted where they type: it happens too
            often to ask another server, and others hear no more of it by way of several connections.
    """

    def __init__(self, settings: Settings, shared: RateWindows) -> None:
        def of_all(name: str, amount: int, seconds: int, *refusal: str) -> RateLimit:
            metrics.LIMITS_COUNTED_ALONE.labels(name)  # a series that is there from the start, at 0
            return RateLimit(shared, name, amount, seconds, *refusal)

        self.requests = of_all("requests", settings.requests_per_minute, 60)
        self.logins = of_all("logins", settings.logins_per_minute, 60, "Too many logins from your address")
        locked = "The account is locked because of wrong passwords"
        self.wrong_passwords = of_all("wrong-passwords", settings.wrong_passwords, LOCKED, locked)
        self.locks_told = of_all("locks-told", 1, LOCKED)
        self.typing = RateLimit(OwnWindows(), "typing", settings.typing_starts, 10, "You begin to type too often")


def rate_limits() -> RateLimits:
    """The limits of the current application."""
    limits: RateLimits = current_app.extensions["rate_limits"]
    return limits
