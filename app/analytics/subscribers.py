"""What happens to tasks changes the metrics of those whom they are assigned to.

Only the metrics that the change can bear on are computed anew: most changes are of tasks that were never completed, and
only productivity counts these.
"""

from collections.abc import Collection

from app.analytics.formulas import Metric
from app.analytics.service import recompute
from app.core.transaction import Transaction
from app.events.subscriptions import subscribes
from app.events.tasks import Status, TaskAssigned, TaskDeleted, TaskStatusUpdated, TaskUpdated

ALL = tuple(Metric)
FIELDS = {Metric.EFFICIENCY: {"due_at", "estimate_hours", "actual_hours"}, Metric.QUALITY: {"rating"}}
"""Which metric reads what may be set of a task; productivity reads none of it."""


@subscribes(TaskUpdated)
def measure_what_was_set(tx: Transaction, event: TaskUpdated) -> None:
    """Efficiency is of completed tasks alone; a rating counts whenever it is given."""
    metrics = [metric for metric, fields in FIELDS.items() if fields.intersection(event.fields)]
    if event.completed_at is None and Metric.EFFICIENCY in metrics:
        metrics.remove(Metric.EFFICIENCY)
    _recompute(tx, {event.assignee_id}, metrics)


@subscribes(TaskStatusUpdated)
def measure_what_is_done(tx: Transaction, event: TaskStatusUpdated) -> None:
    """A task that is not done counts the same, whatever else its status is."""
    if Status.DONE in (event.status, event.previous_status):
        _recompute(tx, {event.assignee_id}, ALL)


@subscribes(TaskAssigned)
def measure_both_assignees(tx: Transaction, event: TaskAssigned) -> None:
    """The task counts for one user more, and for the one before no longer."""
    _recompute(tx, {event.assignee_id, event.previous_assignee_id}, _counting(event))


@subscribes(TaskDeleted)
def measure_without_it(tx: Transaction, event: TaskDeleted) -> None:
    """The task counts no longer."""
    _recompute(tx, {event.assignee_id}, _counting(event))


def _counting(event: TaskAssigned | TaskDeleted) -> Collection[Metric]:
    """The metrics that count the task."""
    return ALL if event.first_completed_at or event.rated_at else (Metric.PRODUCTIVITY,)


def _recompute(tx: Transaction, user_ids: set[str | None], metrics: Collection[Metric]) -> None:
    if metrics:
        for user_id in sorted(id for id in user_ids if id):  # in one order, so that two transactions never deadlock
            recompute(tx, user_id, metrics)
