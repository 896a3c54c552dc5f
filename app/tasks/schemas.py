"""What the task routes take and answer."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, RootModel, StringConstraints

from app.core.clock import Timestamp
from app.core.pagination import PageQuery
from app.core.schema import Change, Id, Integral, Kept, Schema, Separated, TrueOrFalse, text
from app.events.tasks import Priority, Status, TaskPayload
from app.people.schemas import UserRef

Title = Annotated[str, text(200)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)]
EstimateHours = Annotated[float, Field(gt=0, le=10_000)]
ActualHours = Annotated[float, Field(ge=0, le=10_000)]


class Sort(StrEnum):
    """By what tasks are sorted; a minus in front: the last first. Those that are not due come last either way."""

    CREATED = "created"
    CREATED_LAST = "-created"
    DUE = "due"
    DUE_LAST = "-due"
    PRIORITY = "priority"
    PRIORITY_LAST = "-priority"
    UPDATED = "updated"
    UPDATED_LAST = "-updated"


class TasksQuery(PageQuery):
    """Which of the tasks that one may see to list; all conditions must hold.

    Several of ``status`` have commas between. ``watching``: those that one watches. ``due_after`` that time or at it;
    ``due_before`` it. ``overdue``: due by now, and not done. ``undated``: never due.
    """

    status: Annotated[list[Status], Separated, Field(min_length=1, max_length=len(Status))] | None = None
    assignee_id: Id | None = None
    team_id: Id | None = None
    creator_id: Id | None = None
    watching: Annotated[bool, TrueOrFalse] = False
    due_after: Timestamp | None = None
    due_before: Timestamp | None = None
    overdue: Annotated[bool, TrueOrFalse] = False
    undated: Annotated[bool, TrueOrFalse] = False
    sort: Sort = Sort.CREATED_LAST


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

    progress: Annotated[int, Field(ge=0, le=100), Integral]


class CompleteTask(Schema):
    """How long the work took, if known."""

    actual_hours: ActualHours | None = None


class RateTask(Schema):
    """How good the work on a task was: 1 (bad) to 5 (good)."""

    rating: Annotated[int, Field(ge=1, le=5), Integral]


class RatedTask(TaskPayload):
    """A task with its rating, for those who may see that."""

    rating: int | None


class VisibleTask(RootModel[RatedTask | TaskPayload]):
    """A task as one may see it: with ``rating`` (null: not rated yet), or without the field."""


class WatcherPage(Schema):
    """A page of the users who watch a task."""

    items: list[UserRef]
    next_cursor: str | None


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
