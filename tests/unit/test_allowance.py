"""How many commands a connection may send."""

import pytest

from app.core.errors import RateLimited
from app.realtime import allowance
from app.realtime.allowance import Allowance, TokenBucket


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(allowance, "time", clock)
    return clock


def taken(bucket: TokenBucket, most: int = 1000) -> int:
    """How many can be taken now."""
    return next((number for number in range(most) if not bucket.take()), most)


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


def outcomes(allowance: Allowance, times: int) -> list[str]:
    """What becomes of so many commands."""
    found = []
    for _ in range(times):
        try:
            allowance.take()
        except RateLimited as error:
            found.append(type(error).__name__)
        else:
            found.append("taken")
    return found


@pytest.fixture
def of_user() -> TokenBucket:
    return TokenBucket(rate=100, burst=15)


@pytest.mark.usefixtures("clock")
def test_who_is_not_stopped_by_being_refused_is_flooding(of_user: TokenBucket) -> None:
    allowance = Allowance(TokenBucket(rate=50, burst=10), of_user)
    assert outcomes(allowance, 61) == ["taken"] * 10 + ["RateLimited"] * 50 + ["Flooding"]


def test_who_slows_down_is_not(clock: Clock, of_user: TokenBucket) -> None:
    allowance = Allowance(TokenBucket(rate=50, burst=10), of_user)
    outcomes(allowance, 60)
    clock.now += 2
    assert outcomes(allowance, 61)[-2:] == ["RateLimited", "Flooding"]


@pytest.mark.usefixtures("clock")
def test_the_connections_of_a_user_share_what_the_user_may_send(of_user: TokenBucket) -> None:
    one, other = (Allowance(TokenBucket(rate=50, burst=10), of_user) for _ in range(2))
    assert outcomes(one, 10) == ["taken"] * 10
    assert outcomes(other, 6) == ["taken"] * 5 + ["RateLimited"]
