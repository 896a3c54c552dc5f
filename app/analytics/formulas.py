"""The metrics: what is computed from a user's tasks, without a database. docs/analytics.md says the same with examples.

A task counts for its present assignee, and as it is now: of what was reassigned or reopened since, only the columns
``reopen_count`` and ``first_completed_at`` tell. Rates are 0 to 1, scores 0 to 100; None means that there is nothing to
compute from. Values are rounded to four decimals, so that those which did not change compare equal.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import fmean

from app.analytics.window import Window
from app.events.analytics import Efficiency, Productivity, Quality

COMPLETION_WEIGHT, THROUGHPUT_WEIGHT = 0.7, 0.3  # of the productivity score
FULL_THROUGHPUT = 1.0  # completed tasks a day that earn all of the throughput's part
WORST_RATING, BEST_RATING = 1, 5


class Metric(StrEnum):
    """What is measured."""

    PRODUCTIVITY = "productivity"
    EFFICIENCY = "efficiency"
    QUALITY = "quality"


Measured = Productivity | Efficiency | Quality


@dataclass(frozen=True)
class TaskFacts:
    """What the formulas read of a task; the names are those of its columns."""

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


def productivity(user_id: str, window: Window, tasks: Sequence[TaskFacts]) -> Productivity:
    """How much got done.

    - assigned: tasks created before the end of the window and not completed before its start
    - completed: those of them completed in the window; active: the others, not done at its end
    - completionRate: completed / assigned
    - throughputPerDay: completed / days of the window
    - score: 70 * completionRate + 30 * min(1, throughputPerDay)
    """
    assigned = [t for t in tasks if t.created_at < window.end and not _done_by(t, window.start)]
    completed = sum(t.completed_at in window for t in assigned)
    throughput = completed / window.days
    rate = completed / len(assigned) if assigned else None
    pace = min(1.0, throughput / FULL_THROUGHPUT)
    score = None if rate is None else 100 * (COMPLETION_WEIGHT * rate + THROUGHPUT_WEIGHT * pace)
    return Productivity(
        user_id=user_id,
        from_=window.start,
        to=window.end,
        assigned=len(assigned),
        completed=completed,
        active=len(assigned) - completed,
        completion_rate=_rounded(rate),
        throughput_per_day=round(throughput, 4),
        score=_rounded(score),
    )


def efficiency(user_id: str, window: Window, tasks: Sequence[TaskFacts]) -> Efficiency:
    """How smoothly the tasks went that were completed in the window.

    - onTimeRate: share of those with a due date that were completed by then
    - avgCycleHours: mean hours from the start of the work (else the creation of the task) to its completion
    - estimateAccuracy: mean of 1 - min(1, abs(actual - estimate) / estimate) over those with both
    - score: 100 * the mean of onTimeRate and estimateAccuracy, or of the one that there is
    """
    completed = [(t, t.completed_at) for t in tasks if t.completed_at is not None and t.completed_at in window]
    on_time = _mean(at <= t.due_at for t, at in completed if t.due_at)
    cycle = _mean((at - (t.started_at or t.created_at)) / timedelta(hours=1) for t, at in completed)
    accuracy = _mean(
        1 - min(1.0, abs(t.actual_hours - t.estimate_hours) / t.estimate_hours)
        for t, _ in completed
        if t.estimate_hours and t.actual_hours is not None
    )
    return Efficiency(
        user_id=user_id,
        from_=window.start,
        to=window.end,
        on_time_rate=_rounded(on_time),
        avg_cycle_hours=_rounded(cycle),
        estimate_accuracy=_rounded(accuracy),
        score=_score(on_time, accuracy),
    )


def quality(user_id: str, window: Window, tasks: Sequence[TaskFacts]) -> Quality:
    """How good the work was.

    - reopenRate: share of the tasks completed for the first time in the window that were reopened since
    - ratedTasks: tasks whose rating was given in the window; avgRating: the mean of these ratings, 1 to 5
    - score: 100 * the mean of 1 - reopenRate and (avgRating - 1) / 4, or of the one that there is
    """
    reopened = _mean(t.reopen_count > 0 for t in tasks if t.first_completed_at in window)
    ratings = [t.rating for t in tasks if t.rating is not None and t.rated_at in window]
    rating = _mean(ratings)
    kept = None if reopened is None else 1 - reopened
    praise = None if rating is None else (rating - WORST_RATING) / (BEST_RATING - WORST_RATING)
    return Quality(
        user_id=user_id,
        from_=window.start,
        to=window.end,
        reopen_rate=_rounded(reopened),
        avg_rating=_rounded(rating),
        rated_tasks=len(ratings),
        score=_score(kept, praise),
    )


FORMULAS: dict[Metric, Callable[[str, Window, Sequence[TaskFacts]], Measured]] = {
    Metric.PRODUCTIVITY: productivity,
    Metric.EFFICIENCY: efficiency,
    Metric.QUALITY: quality,
}


def _done_by(task: TaskFacts, time: datetime) -> bool:
    return task.completed_at is not None and task.completed_at < time


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None


def _score(*parts: float | None) -> float | None:
    mean = _mean(part for part in parts if part is not None)
    return None if mean is None else round(100 * mean, 4)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
