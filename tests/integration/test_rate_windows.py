"""What all processes count together in Redis, and what happens to it while Redis is away."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from time import monotonic

import pytest
from limits import RateLimitItemPerSecond

from app.core import metrics
from app.core.errors import RateLimited
from app.core.rate_limits import RateLimit
from app.core.rate_windows import LEFT_ALONE, TIMEOUT, OwnWindows, RateWindows, SharedWindows
from tests.support.brokers import wait_until
from tests.support.services import Redis

THREE = RateLimitItemPerSecond(3, 60)
NewProcess = Callable[[], SharedWindows]


@pytest.fixture
def new_process(redis_server: Redis, tmp_path: Path) -> NewProcess:
    return lambda: SharedWindows(redis_server.url, f"test:{tmp_path}")


@pytest.fixture(params=["own", "shared"])
def windows(request: pytest.FixtureRequest) -> RateWindows:
    if request.param == "own":
        return OwnWindows()
    new: NewProcess = request.getfixturevalue("new_process")
    return new()


def hits(windows: RateWindows, times: int, key: str = "alice", item: RateLimitItemPerSecond = THREE) -> list[bool]:
    """Whether each of so many was allowed."""
    return [windows.hit(item, "test", key) == 0 for _ in range(times)]


def alone() -> float:
    found = metrics.REGISTRY.get_sample_value("realtime_limits_counted_alone_total", {"limit": "test"})
    return found or 0.0


# --- each kind


def test_so_many_are_allowed_and_no_more(windows: RateWindows) -> None:
    assert hits(windows, 5) == [True, True, True, False, False]


def test_each_key_has_a_window_of_its_own(windows: RateWindows) -> None:
    assert hits(windows, 3) + hits(windows, 1, "bob") == [True] * 4


def test_one_who_waits_as_long_as_they_are_told_is_allowed(windows: RateWindows) -> None:
    item = RateLimitItemPerSecond(1, 1)
    assert windows.hit(item, "test", "carol") == 0
    wait = windows.hit(item, "test", "carol")
    assert 0 < wait <= 1
    wait_until(lambda: windows.hit(item, "test", "carol") == 0, timeout=wait + 1)


def test_what_is_forgotten_is_counted_anew(windows: RateWindows) -> None:
    hits(windows, 3)
    windows.forget(THREE, "test", "alice")
    assert hits(windows, 4) == [True, True, True, False]


def test_one_who_comes_too_often_is_told_whole_seconds_to_wait(windows: RateWindows) -> None:
    limit = RateLimit(windows, "test", 1, 60)
    limit.hit("dora")
    with pytest.raises(RateLimited, match="try again in 60 s") as refused:
        limit.hit("dora")
    assert refused.value.retry_after == 60


# --- all processes together


def test_processes_count_together(new_process: NewProcess) -> None:
    here, there = new_process(), new_process()
    assert hits(here, 2) + hits(there, 2) == [True, True, True, False]


def test_what_one_process_forgets_all_do(new_process: NewProcess) -> None:
    here, there = new_process(), new_process()
    hits(here, 3)
    there.forget(THREE, "test", "alice")
    assert hits(here, 1) == [True]


def test_while_redis_is_away_a_process_goes_on_from_what_it_saw(new_process: NewProcess, redis_server: Redis) -> None:
    here = new_process()
    hits(here, 2)
    before = alone()
    redis_server.kill9()
    try:
        assert hits(here, 2) == [True, False]
        assert alone() == before + 2
    finally:
        redis_server.start()


def test_a_process_may_begin_while_redis_is_away(redis_server: Redis, new_process: NewProcess) -> None:
    redis_server.kill9()
    try:
        assert hits(new_process(), 4) == [True, True, True, False]
    finally:
        redis_server.start()


def test_when_redis_is_back_they_count_together_again(new_process: NewProcess, redis_server: Redis) -> None:
    here, there = new_process(), new_process()
    redis_server.kill9()
    hits(here, 1)
    redis_server.start()
    keys = (f"erin-{number}" for number in count())

    def together() -> bool:
        key = next(keys)
        return hits(here, 3, key) + hits(there, 1, key) == [True, True, True, False]

    wait_until(together, timeout=LEFT_ALONE + 5)


def test_a_redis_that_does_not_answer_is_waited_for_once(new_process: NewProcess, redis_server: Redis) -> None:
    here = new_process()
    hits(here, 1)
    redis_server.freeze()
    try:
        began = monotonic()
        hits(here, 100)
        assert monotonic() - began < 10 * TIMEOUT
    finally:
        redis_server.thaw()
