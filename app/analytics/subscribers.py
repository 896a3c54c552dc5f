"""What happens to tasks changes the metrics of those whom they are assigned to."""

from app.analytics.service import recompute
from app.core.transaction import Transaction
from app.events.subscriptions import subscribes
from app.events.tasks import TaskAssigned, TaskDeleted, TaskEvent, TaskStatusUpdated, TaskUpdated


@subscribes(TaskUpdated, TaskStatusUpdated, TaskDeleted)
def measure_assignee(tx: Transaction, event: TaskEvent) -> None:
    """The task may count otherwise, or no longer."""
    _recompute(tx, {event.assignee_id})


@subscribes(TaskAssigned)
def measure_both_assignees(tx: Transaction, event: TaskAssigned) -> None:
    """The task counts for one user more, and for the one before no longer."""
    _recompute(tx, {event.assignee_id, event.previous_assignee_id})


def _recompute(tx: Transaction, user_ids: set[str | None]) -> None:
    for user_id in sorted(id for id in user_ids if id):  # always in one order, so that two transactions never deadlock
        recompute(tx, user_id)
