"""What the metrics are computed from, counted by the database: no task is read, however many there are."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from app.analytics.formulas import Counts, Metric
from app.analytics.models import Snapshot
from app.analytics.moments import milliseconds, moments_of
from app.analytics.window import Window
from app.extensions import db
from app.people.models import User
from app.people.queries import lock_users
from app.tasks.models import Task

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Time = InstrumentedAttribute[Any]
Key = Callable[[Time], ColumnElement[Any] | Time]
"""What to count by, for the column of a moment."""


def counts_of(user_ids: Collection[str], window: Window, metrics: Collection[Metric]) -> dict[str, Counts]:
    """What the formulas of ``metrics`` need, of each user."""
    found: dict[str, dict[str, Any]] = {id: {} for id in user_ids}
    for id, counts in _at_moments(lambda _: Task.assignee_id, user_ids, window, metrics):
        found[id] |= counts
    if Metric.PRODUCTIVITY in metrics:
        for id, active in _active(user_ids, window.end).items():
            found[id]["active"] = active
    return {id: Counts(**counts) for id, counts in found.items()}


def counts_by_part(user_ids: Collection[str], window: Window, step: timedelta, metric: Metric) -> list[Counts]:
    """What the formula of ``metric`` needs, of all users together, in each part of the window that ``step`` makes."""
    start, length = _milliseconds(window.start), step // timedelta(milliseconds=1)

    def part(at: Time) -> ColumnElement[int]:
        return (milliseconds(at) - start) // length

    found: list[dict[str, Any]] = [{} for _ in window.split(step)]
    for number, counts in _at_moments(part, user_ids, window, [metric]):
        found[number] |= counts
    if metric == Metric.PRODUCTIVITY:
        created = Counter(dict(_counted(Task.created_at, part, user_ids, window, func.count())))
        active = sum(_active(user_ids, window.end).values())
        for number, counts in reversed(list(enumerate(found))):  # from the last end back to the first
            counts["active"] = active
            active += counts.get("completed", 0) - created[number]
    return [Counts(people=len(user_ids), **counts) for counts in found]


def _at_moments(
    key: Key, user_ids: Collection[str], window: Window, metrics: Collection[Metric]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """What was counted at each moment that the metrics need, by the key; what comes to nothing is left out."""
    for moment in moments_of(metrics):
        for of, *values in _counted(moment.at, key, user_ids, window, *moment.counts.values()):
            yield of, {name: value for name, value in zip(moment.counts, values, strict=True) if value is not None}


def _counted(
    at: Time, key: Key, user_ids: Collection[str], window: Window, *counts: ColumnElement[Any]
) -> Sequence[Any]:
    statement = (
        select(key(at).label("of"), *counts)
        .where(Task.assignee_id.in_(user_ids), at >= window.start, at < window.end)
        .group_by("of")
    )
    return db.session.execute(statement).all()


def _active(user_ids: Collection[str], end: datetime) -> dict[str, int]:
    """How many tasks of each user were created before ``end`` and not completed by then."""
    created = select(Task.assignee_id).where(Task.assignee_id.in_(user_ids), Task.created_at < end)
    ways = (
        Task.completed_at.is_(None),
        Task.completed_at >= end,
    )  # with OR, SQLite looks at each task that was created
    found = union_all(*(created.where(way) for way in ways)).subquery()
    statement = select(found.c.assignee_id, func.count()).group_by(found.c.assignee_id)
    return dict(map(tuple, db.session.execute(statement)))


def _milliseconds(time: datetime) -> int:
    return (time - EPOCH) // timedelta(milliseconds=1)


def snapshots_of(user_id: str, metrics: Collection[Metric]) -> dict[str, Snapshot]:
    """What was last told of these metrics of a user, by metric; some may never have been."""
    statement = select(Snapshot).where(Snapshot.user_id == user_id, Snapshot.metric.in_(metrics))
    return {snapshot.metric: snapshot for snapshot in db.session.scalars(statement)}


def wait_for_turn(user_id: str) -> None:
    """Let no other transaction recompute the user's metrics until this one ends: each counts what the other changed."""
    lock_users(User.id == user_id)
