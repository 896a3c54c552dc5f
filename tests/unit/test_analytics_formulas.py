"""The formulas of the metrics, by the examples of docs/analytics.md and by what always holds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.formulas import TaskFacts, efficiency, productivity, quality
from app.analytics.window import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=10))
BEFORE, INSIDE, AFTER = START - timedelta(days=1), START + timedelta(days=1), WINDOW.end + timedelta(days=1)


def open_task(created_at: datetime = INSIDE) -> TaskFacts:
    return TaskFacts(created_at=created_at)


def done_task(completed_at: datetime, created_at: datetime = BEFORE) -> TaskFacts:
    return TaskFacts(created_at=created_at, completed_at=completed_at, first_completed_at=completed_at)


# --- productivity


def test_productivity_is_as_in_the_example() -> None:
    measured = productivity("u", WINDOW, [done_task(INSIDE)] * 6 + [open_task()] * 2)
    assert measured.model_dump(by_alias=True) == {
        "userId": "u",
        "from": WINDOW.start,
        "to": WINDOW.end,
        "assigned": 8,
        "completed": 6,
        "active": 2,
        "completionRate": 0.75,
        "throughputPerDay": 0.6,
        "score": 70.5,
    }


@pytest.mark.parametrize(
    ("task", "counts"),
    [
        (open_task(BEFORE), (1, 0, 1)),
        (open_task(WINDOW.end), (0, 0, 0)),
        (done_task(BEFORE), (0, 0, 0)),
        (done_task(START), (1, 1, 0)),
        (done_task(WINDOW.end), (1, 0, 1)),
        (done_task(AFTER), (1, 0, 1)),
        (done_task(AFTER, created_at=AFTER), (0, 0, 0)),
    ],
    ids=[
        "open before the window",
        "created at its end",
        "done before it",
        "done at its start",
        "done at its end",
        "done after it",
        "created after it",
    ],
)
def test_a_task_is_assigned_completed_or_active(task: TaskFacts, counts: tuple[int, int, int]) -> None:
    measured = productivity("u", WINDOW, [task])
    assert (measured.assigned, measured.completed, measured.active) == counts


def test_without_tasks_there_is_no_rate_and_no_score() -> None:
    measured = productivity("u", WINDOW, [])
    assert (measured.completion_rate, measured.throughput_per_day, measured.score) == (None, 0, None)


def test_all_done_at_one_a_day_is_the_best_productivity() -> None:
    assert productivity("u", WINDOW, [done_task(INSIDE)] * 10).score == 100


def test_values_have_four_decimals() -> None:
    measured = productivity("u", WINDOW, [done_task(INSIDE), open_task(), open_task()])
    assert (measured.completion_rate, measured.score) == (0.3333, 26.3333)


# --- efficiency


def test_efficiency_is_as_in_the_example() -> None:
    late = TaskFacts(
        created_at=BEFORE,
        started_at=INSIDE,
        completed_at=INSIDE + timedelta(hours=30),
        due_at=INSIDE,
        estimate_hours=4,
        actual_hours=5,
    )
    quick = TaskFacts(created_at=INSIDE, completed_at=INSIDE + timedelta(hours=10))
    assert efficiency("u", WINDOW, [late, quick]).model_dump(by_alias=True) == {
        "userId": "u",
        "from": WINDOW.start,
        "to": WINDOW.end,
        "onTimeRate": 0,
        "avgCycleHours": 20,
        "estimateAccuracy": 0.75,
        "score": 37.5,
    }


def test_done_at_the_due_time_is_on_time() -> None:
    task = TaskFacts(created_at=BEFORE, completed_at=INSIDE, due_at=INSIDE)
    assert efficiency("u", WINDOW, [task]).on_time_rate == 1


@pytest.mark.parametrize(("actual", "accuracy"), [(4, 1), (2, 0.5), (6, 0.5), (8, 0), (100, 0), (0, 0)])
def test_an_estimate_is_as_accurate_as_it_is_near(actual: float, accuracy: float) -> None:
    task = TaskFacts(created_at=BEFORE, completed_at=INSIDE, estimate_hours=4, actual_hours=actual)
    assert efficiency("u", WINDOW, [task]).estimate_accuracy == accuracy


def test_the_score_is_of_what_there_is() -> None:
    task = TaskFacts(created_at=BEFORE, completed_at=INSIDE, due_at=AFTER)
    assert efficiency("u", WINDOW, [task]).score == 100


@pytest.mark.parametrize("task", [open_task(), done_task(BEFORE), done_task(AFTER)])
def test_tasks_not_completed_in_the_window_have_no_efficiency(task: TaskFacts) -> None:
    measured = efficiency("u", WINDOW, [task])
    assert (measured.on_time_rate, measured.avg_cycle_hours, measured.estimate_accuracy, measured.score) == (None,) * 4


# --- quality


def test_quality_is_as_in_the_example() -> None:
    reopened = TaskFacts(created_at=BEFORE, first_completed_at=INSIDE, reopen_count=1)
    rated = [
        TaskFacts(created_at=BEFORE, first_completed_at=INSIDE, completed_at=INSIDE, rating=rating, rated_at=INSIDE)
        for rating in (5, 4)
    ]
    assert quality("u", WINDOW, [reopened, *rated, done_task(INSIDE)]).model_dump(by_alias=True) == {
        "userId": "u",
        "from": WINDOW.start,
        "to": WINDOW.end,
        "reopenRate": 0.25,
        "avgRating": 4.5,
        "ratedTasks": 2,
        "score": 81.25,
    }


def test_what_was_completed_before_the_window_is_not_reopened_in_it() -> None:
    again = TaskFacts(created_at=BEFORE, first_completed_at=BEFORE, completed_at=INSIDE, reopen_count=1)
    assert quality("u", WINDOW, [again]).reopen_rate is None


@pytest.mark.parametrize("rated_at", [BEFORE, WINDOW.end, AFTER])
def test_a_rating_counts_when_it_was_given(rated_at: datetime) -> None:
    task = TaskFacts(created_at=BEFORE, completed_at=INSIDE, rating=5, rated_at=rated_at)
    assert quality("u", WINDOW, [task]).rated_tasks == 0


@pytest.mark.parametrize(("rating", "score"), [(1, 0), (3, 50), (5, 100)])
def test_a_rating_alone_makes_a_score(rating: int, score: float) -> None:
    task = TaskFacts(created_at=BEFORE, rating=rating, rated_at=INSIDE)
    assert quality("u", WINDOW, [task]).score == score


# --- what always holds

TIMES = st.integers(-20, 20).map(lambda hours: START + timedelta(hours=12 * hours))
HOURS = st.none() | st.floats(0.01, 10_000)


@st.composite
def any_task(draw: st.DrawFn) -> TaskFacts:
    """A task as its life may have left it: times are in the order in which they can be."""
    created_at, started_at, first, last = sorted(draw(st.tuples(TIMES, TIMES, TIMES, TIMES)))
    rating = draw(st.none() | st.integers(1, 5))
    completed = draw(st.sampled_from(["never", "once", "again", "not any more"]))
    return TaskFacts(
        created_at=created_at,
        started_at=draw(st.sampled_from([None, started_at])),
        completed_at={"once": first, "again": last}.get(completed),
        first_completed_at=None if completed == "never" else first,
        due_at=draw(st.none() | TIMES),
        estimate_hours=draw(HOURS),
        actual_hours=draw(HOURS),
        reopen_count=int(completed in ("again", "not any more")),
        rating=rating,
        rated_at=None if rating is None else draw(TIMES),
    )


TASKS = st.lists(any_task(), max_size=8)


def within(value: float | None, least: float, most: float) -> bool:
    return value is None or least <= value <= most


@given(TASKS)
def test_productivity_stays_in_its_bounds(tasks: list[TaskFacts]) -> None:
    measured = productivity("u", WINDOW, tasks)
    assert measured.completed + measured.active == measured.assigned <= len(tasks)
    assert within(measured.completion_rate, 0, 1)
    assert within(measured.score, 0, 100)


@given(TASKS)
def test_efficiency_stays_in_its_bounds(tasks: list[TaskFacts]) -> None:
    measured = efficiency("u", WINDOW, tasks)
    assert within(measured.on_time_rate, 0, 1)
    assert within(measured.estimate_accuracy, 0, 1)
    assert within(measured.avg_cycle_hours, 0, float("inf"))
    assert within(measured.score, 0, 100)


@given(TASKS)
def test_quality_stays_in_its_bounds(tasks: list[TaskFacts]) -> None:
    measured = quality("u", WINDOW, tasks)
    assert within(measured.reopen_rate, 0, 1)
    assert within(measured.avg_rating, 1, 5)
    assert within(measured.score, 0, 100)


@given(TASKS)
def test_what_is_completed_in_days_adds_up(tasks: list[TaskFacts]) -> None:
    days = [productivity("u", day, tasks).completed for day in WINDOW.split(timedelta(days=1))]
    assert sum(days) == productivity("u", WINDOW, tasks).completed


@given(st.integers(1, 400 * 24))
def test_a_window_is_split_without_gap_and_without_rest(hours: int) -> None:
    window = Window(START, START + timedelta(hours=hours))
    parts = window.split(timedelta(days=1))
    assert [part.end for part in parts[:-1]] == [part.start for part in parts[1:]]
    assert (parts[0].start, parts[-1].end) == (window.start, window.end)
    assert all(0 < part.days <= 1 for part in parts)
