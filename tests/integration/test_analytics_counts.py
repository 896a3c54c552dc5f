"""What the database counts for the metrics is what their plain definition says, task by task."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import chain, product
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert

from app.analytics.formulas import FORMULAS, Counts, Metric, Values
from app.analytics.queries import counts_by_part, counts_of
from app.analytics.window import Window
from app.extensions import db
from app.people.models import User
from app.tasks.models import Task
from tests.integration.conftest import NewPerson
from tests.support.plain_metrics import PLAINLY, TaskFacts

START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=10))
BEFORE, INSIDE, AFTER = START - timedelta(days=1), START + timedelta(days=1), WINDOW.end + timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def ids(new_person: NewPerson) -> list[str]:
    """The ids of two without tasks."""
    return [new_person().id, new_person().id]


def keep(tasks_of: Mapping[str, Sequence[TaskFacts]]) -> None:
    """These tasks, and no others."""
    db.session.execute(delete(Task))
    rows = [
        {"title": "T", "creator_id": id, "assignee_id": id} | asdict(task) for id, of in tasks_of.items() for task in of
    ]
    if rows:
        db.session.execute(insert(Task), rows)


def counted(id: str, *tasks: TaskFacts) -> Counts:
    """What is counted of one person's tasks in the window."""
    keep({id: tasks})
    return counts_of([id], WINDOW, tuple(Metric))[id]


def done_task(completed_at: datetime, created_at: datetime = BEFORE, **facts: Any) -> TaskFacts:
    return TaskFacts(created_at=created_at, completed_at=completed_at, first_completed_at=completed_at, **facts)


# --- at the bounds

ASSIGNED = {
    "open before the window": (TaskFacts(created_at=BEFORE), 0, 1),
    "created just before its end": (TaskFacts(created_at=WINDOW.end - MILLISECOND), 0, 1),
    "created at its end": (TaskFacts(created_at=WINDOW.end), 0, 0),
    "done just before it": (done_task(START - MILLISECOND), 0, 0),
    "done at its start": (done_task(START), 1, 0),
    "done just before its end": (done_task(WINDOW.end - MILLISECOND), 1, 0),
    "done at its end": (done_task(WINDOW.end), 0, 1),
    "done after it": (done_task(AFTER), 0, 1),
    "created after it": (done_task(AFTER, created_at=AFTER), 0, 0),
}


def test_a_task_is_completed_or_active_or_neither(app: Flask, ids: list[str]) -> None:
    with app.app_context():
        for name, (task, completed, active) in ASSIGNED.items():
            counts = counted(ids[0], task)
            assert (counts.completed, counts.active) == (completed, active), name


def test_done_at_the_due_time_is_on_time(app: Flask, ids: list[str]) -> None:
    with app.app_context():
        for late, on_time in ((timedelta(), 1), (MILLISECOND, 0)):
            counts = counted(ids[0], done_task(INSIDE, due_at=INSIDE - late))
            assert (counts.due, counts.on_time) == (1, on_time)


def test_an_estimate_is_as_accurate_as_it_is_near(app: Flask, ids: list[str]) -> None:
    with app.app_context():
        for actual, accuracy in ((4, 1), (2, 0.5), (6, 0.5), (8, 0), (100, 0), (0, 0)):
            counts = counted(ids[0], done_task(INSIDE, estimate_hours=4, actual_hours=actual))
            assert (counts.estimated, counts.accuracy) == (1, accuracy), actual


def test_an_estimate_counts_only_with_the_hours_that_it_took(app: Flask, ids: list[str]) -> None:
    with app.app_context():
        for task in (done_task(INSIDE, estimate_hours=4), done_task(INSIDE, actual_hours=4)):
            assert counted(ids[0], task).estimated == 0


def test_work_takes_from_its_start_or_from_the_creation_of_the_task(app: Flask, ids: list[str]) -> None:
    with app.app_context():
        started = done_task(INSIDE, started_at=INSIDE - MILLISECOND)
        assert counted(ids[0], started, done_task(INSIDE, created_at=INSIDE - 2 * MILLISECOND)).cycle_ms == 3


def test_what_was_completed_before_the_window_is_not_reopened_in_it(app: Flask, ids: list[str]) -> None:
    again = TaskFacts(created_at=BEFORE, first_completed_at=BEFORE, completed_at=INSIDE, reopen_count=1)
    with app.app_context():
        counts = counted(ids[0], again)
    assert (counts.completed, counts.first_completed, counts.reopened) == (1, 0, 0)


def test_a_rating_counts_when_it_was_given(app: Flask, ids: list[str]) -> None:
    with app.app_context():
        for rated_at, rated in ((BEFORE, 0), (START, 1), (WINDOW.end, 0), (AFTER, 0)):
            counts = counted(ids[0], done_task(INSIDE, rating=5, rated_at=rated_at))
            assert (counts.rated, counts.ratings) == (rated, 5 * rated), rated_at


def test_the_tasks_of_others_and_of_nobody_do_not_count(app: Flask, ids: list[str]) -> None:
    with app.app_context():
        keep({ids[1]: [done_task(INSIDE)]})
        db.session.execute(insert(Task), {"title": "T", "creator_id": ids[0], "created_at": INSIDE})
        assert counts_of([ids[0]], WINDOW, tuple(Metric)) == {ids[0]: Counts()}


def test_nobody_has_no_tasks(app: Flask) -> None:
    with app.app_context():
        assert counts_of([], WINDOW, tuple(Metric)) == {}
        empty = [counts_by_part([], WINDOW, timedelta(days=1), metric) for metric in Metric]
    assert set(chain(*empty)) == {Counts(people=0)}


# --- as the definition says

PEOPLE = 100


def any_time(random: Random) -> datetime:
    """From ten days before the window until ten days after it, and often at a bound of a day."""
    hours = random.choice([24, 0.25]) * random.randrange(-10, 20)
    return START + timedelta(hours=hours, milliseconds=random.choice([0, 0, -1]))


def any_task(random: Random) -> TaskFacts:
    """A task as its life may have left it: times are in the order in which they can be."""
    created_at, started_at, first, last = sorted(any_time(random) for _ in range(4))
    completed = random.choice(["never", "once", "again", "not any more"])
    rating = random.choice([None, 1, 2, 5])
    return TaskFacts(
        created_at=created_at,
        started_at=random.choice([None, started_at]),
        completed_at={"once": first, "again": last}.get(completed),
        first_completed_at=None if completed == "never" else first,
        due_at=random.choice([None, any_time(random)]),
        estimate_hours=random.choice([None, 0.1, 3.0, 40.0]),
        actual_hours=random.choice([None, 0.0, 3.0, 4.5]),
        reopen_count=int(completed in ("again", "not any more")),
        rating=rating,
        rated_at=None if rating is None else any_time(random),
    )


@pytest.fixture
def population(app: Flask) -> dict[str, list[TaskFacts]]:
    """Some people with up to eight tasks each."""
    random = Random(1)
    with app.app_context():
        people = [User(email=f"{n}@example.com", name="Somebody", password_hash="unusable") for n in range(PEOPLE)]
        db.session.add_all(people)
        db.session.flush()
        tasks_of = {person.id: [any_task(random) for _ in range(random.randrange(9))] for person in people}
        keep(tasks_of)
        db.session.commit()
    return tasks_of


def assert_same(values: Values, window: Window, metric: Metric, tasks: Sequence[TaskFacts], people: int = 1) -> None:
    plainly = PLAINLY[metric](window, tasks, people)
    assert values.model_dump(exclude={"from_", "to"}) == pytest.approx(plainly, abs=0.0001)


@pytest.mark.each_database
def test_each_metric_is_as_its_definition_says(app: Flask, population: dict[str, list[TaskFacts]]) -> None:
    with app.app_context():
        counts = counts_of(population, WINDOW, tuple(Metric))
    for metric in Metric:
        for id, tasks in population.items():
            assert_same(FORMULAS[metric](WINDOW, counts[id]), WINDOW, metric, tasks)
        team = FORMULAS[metric](WINDOW, sum(counts.values(), Counts(people=0)))
        assert_same(team, WINDOW, metric, list(chain(*population.values())), PEOPLE)


@pytest.mark.each_database
def test_each_part_of_a_history_is_as_the_definition_says(app: Flask, population: dict[str, list[TaskFacts]]) -> None:
    everybody = [(list(population), list(chain(*population.values())))]
    few = [([id], tasks) for id, tasks in list(population.items())[:5]]
    for (user_ids, tasks), metric, days in product(everybody + few, Metric, (1, 7)):
        step = timedelta(days=days)
        with app.app_context():
            counts = counts_by_part(user_ids, WINDOW, step, metric)
        for part, of in zip(WINDOW.split(step), counts, strict=True):
            assert_same(FORMULAS[metric](part, of), part, metric, tasks, len(user_ids))


@pytest.mark.each_database
def test_what_is_counted_in_the_parts_adds_up(app: Flask, population: dict[str, list[TaskFacts]]) -> None:
    with app.app_context():
        whole = sum(counts_of(population, WINDOW, tuple(Metric)).values(), Counts(people=0))
        days = counts_by_part(population, WINDOW, timedelta(days=1), Metric.EFFICIENCY)
    assert sum(day.completed for day in days) == whole.completed > 0
    assert sum(day.cycle_ms for day in days) == whole.cycle_ms > 0
    assert sum(day.due for day in days) == whole.due > 0
