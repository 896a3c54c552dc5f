"""Where it is counted how often something was done: in this process, or for all processes in Redis."""

import logging
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from limits import RateLimitItem
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import ConnectionPool, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.core import metrics

logger = logging.getLogger(__name__)

TIMEOUT = 0.5  # seconds that Redis has to accept a connection, and to answer
SOON = 0.001  # seconds, when the window was just over
LEFT_ALONE = 5.0  # seconds that Redis is not asked after it failed: else each request would wait for it

T = TypeVar("T")


class RateWindows(Protocol):
    """Moving windows, one for each limit and key."""

    def hit(self, item: RateLimitItem, name: str, key: str) -> float:
        """Count one more if the limit allows it; the seconds to wait until it does, or else 0."""

    def forget(self, item: RateLimitItem, name: str, key: str) -> None:
        """Count anew from zero."""


class OwnWindows:
    """Counted in this process, and gone with it."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, item: RateLimitItem, name: str, key: str) -> float:
        return _hit(self._limiter, item, name, key)

    def forget(self, item: RateLimitItem, name: str, key: str) -> None:
        self._limiter.clear(item, name, key)


class SharedWindows:
    """Counted in Redis, for all processes that use the same prefix.

    While Redis is away each process counts by itself, from what it has seen of the window so far: nobody is refused
    because of the fault, and a limit is at the most as many times its size as there are processes. The metric
    ``realtime_limits_counted_alone_total`` moves.

    Args:
        url: of Redis.
        prefix: of the keys.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self._own = OwnWindows()
        pool = ConnectionPool.from_url(
            url, protocol=2, retry=Retry(NoBackoff(), 0), socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT
        )
        storage = RedisStorage("redis://", connection_pool=pool, key_prefix=prefix)
        self._limiter = MovingWindowRateLimiter(storage)
        self._asked_again_at = 0.0

    def hit(self, item: RateLimitItem, name: str, key: str) -> float:
        alone = self._own.hit(item, name, key)
        shared = self._unless_away(lambda: _hit(self._limiter, item, name, key))
        if shared is not None:
            return shared
        metrics.LIMITS_COUNTED_ALONE.labels(name).inc()
        return alone

    def forget(self, item: RateLimitItem, name: str, key: str) -> None:
        self._own.forget(item, name, key)
        self._unless_away(lambda: self._limiter.clear(item, name, key))

    def _unless_away(self, ask: Callable[[], T]) -> T | None:
        if time.monotonic() < self._asked_again_at:
            return None
        try:
            return ask()
        except RedisError as error:
            self._asked_again_at = time.monotonic() + LEFT_ALONE
            logger.warning("Redis can't count requests now, so each process does by itself: %s", error)
            return None


def _hit(limiter: MovingWindowRateLimiter, item: RateLimitItem, name: str, key: str) -> float:
    if limiter.hit(item, name, key):
        return 0.0
    resets_at, _ = limiter.get_window_stats(item, name, key)
    return max(SOON, resets_at - time.time())
