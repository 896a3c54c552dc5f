"""What happens to tasks, told to whom it concerns and who didn't do it themselves."""

from app.core.transaction import Transaction
from app.events.subscriptions import subscribes
from app.events.tasks import TaskAssigned, TaskCompleted, TaskNoteAdded
from app.notifications.schemas import Content
from app.notifications.service import notify


@subscribes(TaskAssigned)
def task_assigned(tx: Transaction, event: TaskAssigned) -> None:
    """The assignee learns of their task."""
    concerned = _but(event.actor_id, event.assignee_id)
    notify(tx, concerned, _about(event.id, event.name, "Task assigned", f"“{event.title}” was assigned to you."))


@subscribes(TaskCompleted)
def task_completed(tx: Transaction, event: TaskCompleted) -> None:
    """The creator and the watchers learn that it is done."""
    concerned = _but(event.actor_id, event.creator_id, *event.watcher_ids)
    notify(tx, concerned, _about(event.id, event.name, "Task completed", f"“{event.title}” was completed."))


@subscribes(TaskNoteAdded)
def task_note_added(tx: Transaction, event: TaskNoteAdded) -> None:
    """The creator, the assignee and the watchers learn of the note."""
    concerned = _but(event.author_id, event.creator_id, event.assignee_id, *event.watcher_ids)
    message = f"A note was added to “{event.task_title}”."
    notify(tx, concerned, _about(event.task_id, event.name, "New note", message))


def _but(actor_id: str, *user_ids: str | None) -> set[str]:
    return {id for id in user_ids if id is not None and id != actor_id}


def _about(task_id: str, event_name: str, title: str, message: str) -> Content:
    """A notification's type is the name of the event that it tells of."""
    return Content(type=event_name, title=title, message=message, data={"taskId": task_id})
