"""What is counted at the moments of a task: when it was completed, first completed, and rated. Each has its index."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Float, and_, case, cast, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.analytics.formulas import Metric
from app.tasks.models import Task


class milliseconds(FunctionElement[int]):  # noqa: N801 - it reads as a function of SQL
    """A time as milliseconds since 1970, a whole number: times are kept to the millisecond."""

    type = BigInteger()
    inherit_cache = True


@compiles(milliseconds, "sqlite")
def _on_sqlite(element: milliseconds, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(round((julianday({compiler.process(element.clauses, **options)}) - 2440587.5) * 86400000) AS INTEGER)"


@compiles(milliseconds, "postgresql")
def _on_postgresql(element: milliseconds, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **options)}) * 1000 AS BIGINT)"


@dataclass(frozen=True)
class Moment:
    """A column that says when something happened to a task, and what is counted of the tasks to which it did.

    Attributes:
        metric: which needs it.
        counts: aggregates, by the fields of :class:`~app.analytics.formulas.Counts`.
    """

    at: InstrumentedAttribute[Any]
    metric: Metric
    counts: dict[str, ColumnElement[Any]]


_took = milliseconds(Task.completed_at) - milliseconds(func.coalesce(Task.started_at, Task.created_at))
_missed = func.abs(Task.actual_hours - Task.estimate_hours)
_accuracy = case((_missed >= Task.estimate_hours, 0.0), else_=1.0 - _missed / Task.estimate_hours)
_estimated = and_(Task.estimate_hours > 0, Task.actual_hours.is_not(None))

_COMPLETED = Moment(Task.completed_at, Metric.PRODUCTIVITY, {"completed": func.count()})
MOMENTS = (
    _COMPLETED,
    Moment(
        Task.completed_at,
        Metric.EFFICIENCY,
        {
            "completed": func.count(),
            "cycle_ms": func.sum(cast(_took, Float)),  # whole numbers: exact, in whatever order they are added
            "due": func.count(Task.due_at),
            "on_time": func.count().filter(Task.completed_at <= Task.due_at),
            "estimated": func.count().filter(_estimated),
            "accuracy": func.sum(_accuracy).filter(_estimated),
        },
    ),
    Moment(
        Task.first_completed_at,
        Metric.QUALITY,
        {"first_completed": func.count(), "reopened": func.count().filter(Task.reopen_count > 0)},
    ),
    Moment(
        Task.rated_at,
        Metric.QUALITY,
        {"rated": func.count(Task.rating), "ratings": func.sum(Task.rating)},
    ),
)


def moments_of(metrics: Collection[Metric]) -> list[Moment]:
    """What is to be counted for these metrics; efficiency counts the completed tasks for productivity, too."""
    needed = [moment for moment in MOMENTS if moment.metric in metrics]
    return [moment for moment in needed if moment is not _COMPLETED or Metric.EFFICIENCY not in metrics]
