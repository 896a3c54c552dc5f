"""What the task routes take and answer."""

from typing import Annotated

from pydantic import Field, RootModel, StringConstraints

from app.core.clock import Timestamp
from app.core.pagination import PageQuery
from app.core.schema import Change, Id, Kept, Schema, text
from app.events.tasks import Priority, Status, TaskPayload

Title = Annotated[str, text(200)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)]
EstimateHours = Annotated[float, Field(gt=0, le=10_000)]
ActualHours = Annotated[float, Field(ge=0, le=10_000)]


class TasksQuery(PageQuery):
    """Which of the tasks that one may see to list; all conditions must hold."""

    status: Status | None = None
    assignee_id: Id | None = None
    team_id: Id | None = None


class CreateTask(Schema):
    """A new task."""

    title: Title
    description: Description | None = None
    assignee_id: Id | None = None
    team_id: Id | None = None
    priority: Priority = Priority.MEDIUM
    due_at: Timestamp | None = None
    estimate_hours: EstimateHours | None = None


class ChangeTask(Change):
    """What to change of a task: what is left out stays; null clears what a task may lack."""

    title: Kept[Title] = None
    description: Description | None = None
    team_id: Id | None = None
    priority: Kept[Priority] = None
    due_at: Timestamp | None = None
    estimate_hours: EstimateHours | None = None


class AssignTask(Schema):
    """Whom to give a task to; null: nobody."""

    user_id: Id | None


class SetStatus(Schema):
    """The status that a task is to have."""

    status: Status


class SetProgress(Schema):
    """How much of a task is done, in percent."""

    progress: Annotated[int, Field(ge=0, le=100)]


class CompleteTask(Schema):
    """How long the work took, if known."""

    actual_hours: ActualHours | None = None


class RateTask(Schema):
    """How good the work on a task was: 1 (bad) to 5 (good)."""

    rating: Annotated[int, Field(ge=1, le=5)]


class RatedTask(TaskPayload):
    """A task with its rating, for those who may see that."""

    rating: int | None


class VisibleTask(RootModel[RatedTask | TaskPayload]):
    """A task as one may see it: with ``rating`` (null: not rated yet), or without the field."""


class TaskPage(Schema):
    """A page of tasks."""

    items: list[RatedTask | TaskPayload]
    next_cursor: str | None


class WriteNote(Schema):
    """A new note."""

    content: Annotated[str, text(5000)]


class NoteView(Schema):
    """A note on a task."""

    id: str
    task_id: str
    author_id: str
    content: str
    created_at: Timestamp


class NotePage(Schema):
    """A page of notes, the newest first."""

    items: list[NoteView]
    next_cursor: str | None
