"""The formulas of the metrics, by the examples of docs/analytics.md and by what always holds."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.formulas import FORMULAS, HOUR, Counts, Metric, efficiency, productivity, quality
from app.analytics.window import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=10))
TIMES = {"from": WINDOW.start, "to": WINDOW.end}
NOBODY = Counts(people=0)

# --- productivity


def test_productivity_is_as_in_the_example() -> None:
    measured = productivity(WINDOW, Counts(completed=6, active=2))
    assert measured.model_dump(by_alias=True) == TIMES | {
        "assigned": 8,
        "completed": 6,
        "active": 2,
        "completionRate": 0.75,
        "throughputPerDay": 0.6,
        "score": 70.5,
    }


def test_the_productivity_of_a_team_is_as_in_the_example() -> None:
    team = productivity(WINDOW, Counts(completed=6, active=2) + Counts(completed=2))
    assert (team.assigned, team.completed, team.active) == (10, 8, 2)
    assert (team.completion_rate, team.throughput_per_day, team.score) == (0.8, 0.8, 68)


@pytest.mark.parametrize("counts", [Counts(), NOBODY])
def test_without_tasks_there_is_no_rate_and_no_score(counts: Counts) -> None:
    measured = productivity(WINDOW, counts)
    assert (measured.completion_rate, measured.throughput_per_day, measured.score) == (None, 0, None)


def test_all_done_at_one_a_day_is_the_best_productivity() -> None:
    assert productivity(WINDOW, Counts(completed=10)).score == 100


def test_all_done_at_one_a_day_and_person_is_the_best_productivity_of_a_team() -> None:
    assert productivity(WINDOW, Counts(people=3, completed=30)).score == 100
    assert productivity(WINDOW, Counts(people=4, completed=30)).score == 92.5


def test_values_have_four_decimals() -> None:
    measured = productivity(WINDOW, Counts(completed=1, active=2))
    assert (measured.completion_rate, measured.score) == (0.3333, 26.3333)


# --- efficiency


def test_efficiency_is_as_in_the_example() -> None:
    counts = Counts(completed=2, cycle_ms=40 * HOUR, due=1, on_time=0, estimated=1, accuracy=0.75)
    assert efficiency(WINDOW, counts).model_dump(by_alias=True) == TIMES | {
        "onTimeRate": 0,
        "avgCycleHours": 20,
        "estimateAccuracy": 0.75,
        "score": 37.5,
    }


def test_the_efficiency_of_a_team_is_no_mean_of_means() -> None:
    one, other = Counts(completed=1, cycle_ms=2 * HOUR, due=1, on_time=1), Counts(completed=3, cycle_ms=6 * HOUR, due=3)
    team = efficiency(WINDOW, one + other)
    assert (team.on_time_rate, team.avg_cycle_hours, team.score) == (0.25, 2, 25)


@pytest.mark.parametrize(
    ("counts", "score"),
    [(Counts(completed=1, due=1, on_time=1), 100), (Counts(completed=1, estimated=1, accuracy=0.5), 50)],
)
def test_the_score_is_of_what_there_is(counts: Counts, score: float) -> None:
    assert efficiency(WINDOW, counts).score == score


def test_what_nobody_completed_has_no_efficiency() -> None:
    measured = efficiency(WINDOW, Counts(active=3))
    assert (measured.on_time_rate, measured.avg_cycle_hours, measured.estimate_accuracy, measured.score) == (None,) * 4


# --- quality


def test_quality_is_as_in_the_example() -> None:
    counts = Counts(first_completed=4, reopened=1, rated=2, ratings=9)
    assert quality(WINDOW, counts).model_dump(by_alias=True) == TIMES | {
        "reopenRate": 0.25,
        "avgRating": 4.5,
        "ratedTasks": 2,
        "score": 81.25,
    }


@pytest.mark.parametrize(("rating", "score"), [(1, 0), (3, 50), (5, 100)])
def test_a_rating_alone_makes_a_score(rating: int, score: float) -> None:
    assert quality(WINDOW, Counts(rated=1, ratings=rating)).score == score


# --- what always holds

NUMBERS = st.integers(0, 1_000)


@st.composite
def any_counts(draw: st.DrawFn) -> Counts:
    """What may be counted of the tasks of one person."""
    completed, first, rated = draw(NUMBERS), draw(NUMBERS), draw(NUMBERS)
    due, estimated = draw(st.integers(0, completed)), draw(st.integers(0, completed))
    return Counts(
        completed=completed,
        active=draw(NUMBERS),
        cycle_ms=completed * draw(st.integers(0, 1_000)) * HOUR,
        due=due,
        on_time=draw(st.integers(0, due)),
        estimated=estimated,
        accuracy=estimated * draw(st.integers(0, 4)) / 4,
        first_completed=first,
        reopened=draw(st.integers(0, first)),
        rated=rated,
        ratings=rated * draw(st.integers(1, 5)),
    )


TEAMS = st.lists(any_counts(), min_size=1, max_size=4)


def added(members: list[Counts]) -> Counts:
    return sum(members, NOBODY)


def within(value: float | None, least: float, most: float) -> bool:
    return value is None or least <= value <= most


@given(TEAMS)
def test_all_values_stay_in_their_bounds(members: list[Counts]) -> None:
    counts = added(members)
    done, smooth, good = productivity(WINDOW, counts), efficiency(WINDOW, counts), quality(WINDOW, counts)
    assert done.completed + done.active == done.assigned
    assert within(done.completion_rate, 0, 1)
    assert within(smooth.on_time_rate, 0, 1)
    assert within(smooth.estimate_accuracy, 0, 1)
    assert within(smooth.avg_cycle_hours, 0, 1_000)
    assert within(good.reopen_rate, 0, 1)
    assert within(good.avg_rating, 1, 5)
    assert all(within(values.score, 0, 100) for values in (done, smooth, good))


@given(any_counts())
def test_the_roll_up_of_one_is_that_one(counts: Counts) -> None:
    assert added([counts]) == counts


@given(TEAMS)
def test_the_counts_of_a_roll_up_are_sums(members: list[Counts]) -> None:
    team, each = productivity(WINDOW, added(members)), [productivity(WINDOW, counts) for counts in members]
    assert team.assigned == sum(of.assigned for of in each)
    assert team.completed == sum(of.completed for of in each)
    assert team.active == sum(of.active for of in each)
    assert quality(WINDOW, added(members)).rated_tasks == sum(quality(WINDOW, of).rated_tasks for of in members)


@given(TEAMS, st.randoms(use_true_random=False))
def test_the_order_of_the_members_does_not_matter(members: list[Counts], random: Random) -> None:
    mixed = members.copy()
    random.shuffle(mixed)
    assert added(mixed) == added(members)


@pytest.mark.parametrize("metric", Metric)
@given(any_counts(), st.integers(1, 5))
def test_a_team_of_alike_members_has_the_rates_and_the_score_of_each(metric: Metric, one: Counts, size: int) -> None:
    amounts = {"from_", "to", "assigned", "completed", "active", "throughput_per_day", "rated_tasks"}
    team, member = (FORMULAS[metric](WINDOW, counts) for counts in (added([one] * size), one))
    assert team.model_dump(exclude=amounts) == pytest.approx(member.model_dump(exclude=amounts), abs=0.0001)


@given(TEAMS)
def test_the_rates_and_scores_of_a_team_lie_between_those_of_its_members(members: list[Counts]) -> None:
    team = efficiency(WINDOW, added(members))
    rates = [
        of.on_time_rate for of in (efficiency(WINDOW, counts) for counts in members) if of.on_time_rate is not None
    ]
    assert within(team.on_time_rate, min(rates, default=0), max(rates, default=0))


# --- windows


@given(st.integers(1, 400 * 24), st.sampled_from([1, 7]))
def test_a_window_is_split_without_gap_and_without_rest(hours: int, days: int) -> None:
    window = Window(START, START + timedelta(hours=hours))
    parts = window.split(timedelta(days=days))
    assert [part.end for part in parts[:-1]] == [part.start for part in parts[1:]]
    assert (parts[0].start, parts[-1].end) == (window.start, window.end)
    assert all(part.days == days for part in parts[:-1])
    assert 0 < parts[-1].days <= days
