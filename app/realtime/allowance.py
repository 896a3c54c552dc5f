"""How many commands a client may send, and when it has sent so many that it is sent away."""

import time
from weakref import WeakValueDictionary

from app.config import Settings
from app.core.errors import RateLimited

PATIENCE = 5  # times the burst that may be refused at once


class Flooding(RateLimited):
    """So much was refused that the connection is ended."""


class TokenBucket:
    """``rate`` a second in the long run, ``burst`` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._tokens = float(burst)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Use one; False when none is left."""
        now = time.monotonic()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Allowance:
    """What one transport may send: further namespaces bring no further commands, and further connections of the same
    user only as many as the user may send over all of them.
    """

    def __init__(self, own: TokenBucket, of_user: TokenBucket) -> None:
        self._own = own
        self._of_user = of_user
        self._patience = TokenBucket(own.rate, PATIENCE * own.burst)

    def take(self) -> None:
        """Use one.

        Raises:
            RateLimited: none is left.
            Flooding: none is left, and the client did not slow down when it was told so.
        """
        for bucket in (self._own, self._of_user):
            if not bucket.take():
                refusal = RateLimited if self._patience.take() else Flooding
                raise refusal("Too many commands; slow down.", {"perSecond": bucket.rate, "burst": bucket.burst})


_allowances: WeakValueDictionary[str, Allowance] = WeakValueDictionary()
_of_users: WeakValueDictionary[str, TokenBucket] = WeakValueDictionary()


def allowance_of(transport: str, user_id: str, settings: Settings) -> Allowance:
    """The allowance of a transport. Each lives as long as a socket has it, and a user's as long as one of those."""
    found = _allowances.get(transport)
    if found is None:
        of_user = _of_users.get(user_id)
        if of_user is None:
            of_user = _of_users[user_id] = TokenBucket(settings.user_commands_per_second, settings.user_commands_burst)
        own = TokenBucket(settings.commands_per_second, settings.commands_burst)
        found = _allowances[transport] = Allowance(own, of_user)
    return found
