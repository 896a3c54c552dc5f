"""The allowance of commands that a connection has."""

import pytest

from app.core.errors import RateLimited
from app.realtime import connections
from app.realtime.connections import TokenBucket


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(connections, "time", clock)
    return clock


def taken(bucket: TokenBucket, most: int = 1000) -> int:
    """How many can be taken now."""
    for number in range(most):
        try:
            bucket.take()
        except RateLimited:
            return number
    return most


@pytest.mark.usefixtures("clock")
def test_a_burst_is_allowed_and_no_more() -> None:
    assert taken(TokenBucket(rate=50, burst=100)) == 100


def test_it_fills_up_at_its_rate(clock: Clock) -> None:
    bucket = TokenBucket(rate=50, burst=100)
    taken(bucket)
    clock.now += 0.5
    assert taken(bucket) == 25


def test_it_never_holds_more_than_a_burst(clock: Clock) -> None:
    bucket = TokenBucket(rate=50, burst=100)
    clock.now += 3600
    assert taken(bucket) == 100
