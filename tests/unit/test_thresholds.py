"""When an alert is raised, and when it is resolved."""

from datetime import UTC, datetime

import pytest

from app.events.monitoring import AlertLevel
from app.monitoring.schemas import Sample
from app.monitoring.thresholds import RAISED_AFTER, RESOLVED_AFTER, Threshold, Turn, Watched


def sample(lag: float) -> Sample:
    return Sample(
        process="p",
        at=datetime.now(UTC),
        seconds=5,
        connections=0,
        rooms=0,
        deliveries_per_second=0,
        events_per_second=0,
        latency_p50=None,
        latency_p99=None,
        hub_lag=lag,
        backlog=0,
        backlog_age=0,
        memory=0,
        slow_consumers=0,
        disconnects={},
        auth_failures=0,
    )


@pytest.fixture
def watched() -> Watched:
    """It is wrong above 100."""
    return Watched(Threshold("hub_lag", AlertLevel.WARNING, "Late", "ms", lambda sample: sample.hub_lag, 100))


def look(watched: Watched, *values: float) -> list[Turn]:
    """What the samples bring about, each told as it is found."""
    turns = []
    for value in values:
        turn = watched.look(sample(value))
        if turn is not None:
            turns.append(turn)
            watched.told(turn)
    return turns


def test_it_is_raised_by_several_samples_above_the_threshold(watched: Watched) -> None:
    assert look(watched, *[101] * (RAISED_AFTER - 1)) == []
    assert look(watched, 101) == [Turn.RAISED]


def test_a_single_one_raises_nothing(watched: Watched) -> None:
    assert look(watched, *[101, 101, 100] * 10) == []


def test_it_is_raised_once(watched: Watched) -> None:
    assert look(watched, *[500] * 100) == [Turn.RAISED]


def test_it_is_resolved_by_several_samples_clearly_beneath(watched: Watched) -> None:
    look(watched, *[101] * RAISED_AFTER)
    assert look(watched, *[80] * (RESOLVED_AFTER - 1)) == []
    assert look(watched, 80) == [Turn.RESOLVED]


def test_a_value_that_swings_around_the_threshold_is_one_alert(watched: Watched) -> None:
    assert look(watched, *[101] * RAISED_AFTER, *[81, 101, 99, 120] * 20) == [Turn.RAISED]


def test_what_was_not_told_is_found_again_with_the_next_sample(watched: Watched) -> None:
    for _ in range(RAISED_AFTER - 1):
        watched.look(sample(101))
    assert watched.look(sample(101)) is watched.look(sample(101)) is Turn.RAISED


def test_without_a_value_nothing_is_wrong() -> None:
    watched = Watched(Threshold("p99", AlertLevel.WARNING, "Late", "ms", lambda sample: sample.latency_p99, 100))
    assert look(watched, *[0] * 10) == []
