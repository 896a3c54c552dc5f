"""The metrics: what is computed from what was counted. docs/analytics.md says the same with examples.

Counts add up: those of a team are the sum of its members', and the formulas know no other roll-up. Rates are 0 to 1,
scores 0 to 100; None means that there is nothing to compute from. Values are rounded to four decimals, so that those
which did not change compare equal.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from enum import StrEnum
from statistics import fmean

from app.analytics.window import Window
from app.events.analytics import EfficiencyValues, ProductivityValues, QualityValues

COMPLETION_WEIGHT, THROUGHPUT_WEIGHT = 0.7, 0.3  # of the productivity score
FULL_THROUGHPUT = 1.0  # completed tasks a day and person that earn all of the throughput's part
WORST_RATING, BEST_RATING = 1, 5
HOUR = 3_600_000  # milliseconds


class Metric(StrEnum):
    """What is measured."""

    PRODUCTIVITY = "productivity"
    EFFICIENCY = "efficiency"
    QUALITY = "quality"


Values = ProductivityValues | EfficiencyValues | QualityValues


@dataclass(frozen=True)
class Counts:
    """What was counted of the tasks of some people in a window.

    Attributes:
        people: how many they are.
        completed: tasks completed in the window.
        active: tasks created before its end and not completed by then.
        cycle_ms: milliseconds from the start of the work (else the creation of the task) to its completion, of those
            completed, all together.
        due: of those completed, the tasks that have a due date.
        on_time: of these, the tasks completed by then.
        estimated: of those completed, the tasks that have both an estimate and the hours that it took.
        accuracy: 1 - min(1, abs(actual - estimate) / estimate) of these, all together.
        first_completed: tasks completed for the first time in the window.
        reopened: of these, the tasks reopened since.
        rated: tasks whose rating was given in the window.
        ratings: their ratings, 1 to 5, all together.
    """

    people: int = 1
    completed: int = 0
    active: int = 0
    cycle_ms: float = 0
    due: int = 0
    on_time: int = 0
    estimated: int = 0
    accuracy: float = 0
    first_completed: int = 0
    reopened: int = 0
    rated: int = 0
    ratings: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def productivity(window: Window, counts: Counts) -> ProductivityValues:
    """How much got done.

    - assigned: tasks created before the end of the window and not completed before its start
    - completed: those of them completed in the window; active: the others, not done at its end
    - completionRate: completed / assigned
    - throughputPerDay: completed / days of the window
    - score: 70 * completionRate + 30 * min(1, throughputPerDay / people)
    """
    assigned = counts.completed + counts.active
    throughput = counts.completed / window.days
    rate = _share(counts.completed, assigned)
    pace = _share(throughput, counts.people * FULL_THROUGHPUT)
    score = None
    if rate is not None and pace is not None:
        score = 100 * (COMPLETION_WEIGHT * rate + THROUGHPUT_WEIGHT * min(1.0, pace))
    return ProductivityValues(
        from_=window.start,
        to=window.end,
        assigned=assigned,
        completed=counts.completed,
        active=counts.active,
        completion_rate=_rounded(rate),
        throughput_per_day=round(throughput, 4),
        score=_rounded(score),
    )


def efficiency(window: Window, counts: Counts) -> EfficiencyValues:
    """How smoothly the tasks went that were completed in the window.

    - onTimeRate: share of those with a due date that were completed by then
    - avgCycleHours: mean hours from the start of the work (else the creation of the task) to its completion
    - estimateAccuracy: mean of 1 - min(1, abs(actual - estimate) / estimate) over those with both
    - score: 100 * the mean of onTimeRate and estimateAccuracy, or of the one that there is
    """
    on_time = _share(counts.on_time, counts.due)
    accuracy = _share(counts.accuracy, counts.estimated)
    return EfficiencyValues(
        from_=window.start,
        to=window.end,
        on_time_rate=_rounded(on_time),
        avg_cycle_hours=_rounded(_share(counts.cycle_ms / HOUR, counts.completed)),
        estimate_accuracy=_rounded(accuracy),
        score=_score(on_time, accuracy),
    )


def quality(window: Window, counts: Counts) -> QualityValues:
    """How good the work was.

    - reopenRate: share of the tasks completed for the first time in the window that were reopened since
    - ratedTasks: tasks whose rating was given in the window; avgRating: the mean of these ratings, 1 to 5
    - score: 100 * the mean of 1 - reopenRate and (avgRating - 1) / 4, or of the one that there is
    """
    reopened = _share(counts.reopened, counts.first_completed)
    rating = _share(counts.ratings, counts.rated)
    kept = None if reopened is None else 1 - reopened
    praise = None if rating is None else (rating - WORST_RATING) / (BEST_RATING - WORST_RATING)
    return QualityValues(
        from_=window.start,
        to=window.end,
        reopen_rate=_rounded(reopened),
        avg_rating=_rounded(rating),
        rated_tasks=counts.rated,
        score=_score(kept, praise),
    )


FORMULAS: dict[Metric, Callable[[Window, Counts], Values]] = {
    Metric.PRODUCTIVITY: productivity,
    Metric.EFFICIENCY: efficiency,
    Metric.QUALITY: quality,
}


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _score(*parts: float | None) -> float | None:
    found = [part for part in parts if part is not None]
    return round(100 * fmean(found), 4) if found else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
