"""The metrics by their definition in docs/analytics.md, task by task: slow, and plain to read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean

from app.analytics.formulas import Metric
from app.analytics.window import Window


@dataclass(frozen=True)
class TaskFacts:
    """What the metrics read of a task; the names are those of its columns."""

    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    first_completed_at: datetime | None = None
    due_at: datetime | None = None
    estimate_hours: float | None = None
    actual_hours: float | None = None
    reopen_count: int = 0
    rating: int | None = None
    rated_at: datetime | None = None


Values = dict[str, float | None]


def productivity(window: Window, tasks: Sequence[TaskFacts], people: int) -> Values:
    assigned = [t for t in tasks if t.created_at < window.end and not _done_by(t, window.start)]
    completed = sum(_within(window, t.completed_at) for t in assigned)
    throughput = completed / window.days
    rate = completed / len(assigned) if assigned else None
    return {
        "assigned": len(assigned),
        "completed": completed,
        "active": len(assigned) - completed,
        "completion_rate": rate,
        "throughput_per_day": throughput,
        "score": None if rate is None else 70 * rate + 30 * min(1, throughput / people),
    }


def efficiency(window: Window, tasks: Sequence[TaskFacts], _people: int) -> Values:
    completed = [(t, t.completed_at) for t in tasks if t.completed_at and _within(window, t.completed_at)]
    on_time = _mean(at <= t.due_at for t, at in completed if t.due_at)
    accuracy = _mean(
        1 - min(1, abs(t.actual_hours - t.estimate_hours) / t.estimate_hours)
        for t, _ in completed
        if t.estimate_hours and t.actual_hours is not None
    )
    return {
        "on_time_rate": on_time,
        "avg_cycle_hours": _mean((at - (t.started_at or t.created_at)) / timedelta(hours=1) for t, at in completed),
        "estimate_accuracy": accuracy,
        "score": _score(on_time, accuracy),
    }


def quality(window: Window, tasks: Sequence[TaskFacts], _people: int) -> Values:
    reopened = _mean(t.reopen_count > 0 for t in tasks if _within(window, t.first_completed_at))
    ratings = [t.rating for t in tasks if t.rating is not None and _within(window, t.rated_at)]
    rating = _mean(ratings)
    return {
        "reopen_rate": reopened,
        "avg_rating": rating,
        "rated_tasks": len(ratings),
        "score": _score(
            None if reopened is None else 1 - reopened,
            None if rating is None else (rating - 1) / 4,
        ),
    }


PLAINLY: dict[Metric, Callable[[Window, Sequence[TaskFacts], int], Values]] = {
    Metric.PRODUCTIVITY: productivity,
    Metric.EFFICIENCY: efficiency,
    Metric.QUALITY: quality,
}


def _done_by(task: TaskFacts, time: datetime) -> bool:
    return task.completed_at is not None and task.completed_at < time


def _within(window: Window, time: datetime | None) -> bool:
    return time is not None and window.start <= time < window.end


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None


def _score(*parts: float | None) -> float | None:
    mean = _mean(part for part in parts if part is not None)
    return None if mean is None else 100 * mean
