"""Events of the channel ``tasks``: they go to the assignee, the creator and the team of the task."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from app.core.clock import Timestamp
from app.core.schema import Schema
from app.events.base import Channel, Conflation, Event, OptionalRouting, Routing
from app.events.rooms import RoomKind

Past = Annotated[datetime | None, Field(exclude=True)]
"""When something happened to the task before, for subscribers; it is not part of the payload."""


class Status(StrEnum):
    """Where a task stands."""

    TODO = "todo"
    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    DONE = "done"
    BLOCKED = "blocked"


class Priority(StrEnum):
    """How much a task matters."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class TaskPayload(Schema):
    """A task as clients see it."""

    id: str
    title: str
    description: str | None
    status: Status
    progress: int
    priority: Priority
    creator_id: str
    assignee_id: str | None
    team_id: str | None
    due_at: Timestamp | None
    estimate_hours: float | None
    actual_hours: float | None
    created_at: Timestamp
    updated_at: Timestamp
    completed_at: Timestamp | None


class TaskEvent(Event):
    """An event about one task."""

    channel: ClassVar[Channel | None] = Channel.TASKS
    creator_id: Routing
    assignee_id: OptionalRouting
    team_id: OptionalRouting
    actor_id: Routing  # who caused it

    def people(self) -> tuple[str | None, ...]:
        """The users whose ``tasks-`` rooms hear it."""
        return (self.assignee_id, self.creator_id)

    def rooms(self) -> tuple[str, ...]:
        rooms = [RoomKind.TASKS.room(id) for id in self.people() if id]
        if self.team_id:
            rooms.append(RoomKind.TEAM.room(self.team_id))
        return tuple(dict.fromkeys(rooms))


class WholeTaskEvent(TaskPayload, TaskEvent):
    """A task event whose payload is the task."""

    creator_id: str
    assignee_id: str | None
    team_id: str | None


class TaskAssigned(WholeTaskEvent):
    """A task was given to somebody (or, by a new assignment, taken from them)."""

    name: ClassVar[str] = "task-assigned"
    previous_assignee_id: OptionalRouting = None
    first_completed_at: Past = None
    rated_at: Past = None

    def people(self) -> tuple[str | None, ...]:
        return (self.assignee_id, self.previous_assignee_id, self.creator_id)


class TaskUpdated(WholeTaskEvent):
    """Something about a task changed that has no event of its own; also a new task without assignee."""

    name: ClassVar[str] = "task-updated"
    fields: Annotated[tuple[str, ...], Field(exclude=True)] = ()  # that were set


class TaskCompleted(WholeTaskEvent):
    """A task was completed."""

    name: ClassVar[str] = "task-completed"
    watcher_ids: Annotated[tuple[str, ...], Field(exclude=True)] = ()


class TaskStatusUpdated(TaskEvent):
    """The status of a task changed."""

    name: ClassVar[str] = "task-status-updated"
    id: str
    status: Status
    previous_status: Status
    updated_at: Timestamp


class TaskProgressUpdated(TaskEvent):
    """The progress of a task changed; the unit is percent."""

    name: ClassVar[str] = "task-progress-updated"
    conflation: ClassVar[Conflation | None] = Conflation(by=("id",), window=0.1, ceiling=20)
    id: str
    progress: int
    updated_at: Timestamp


class TaskNoteAdded(TaskEvent):
    """Somebody wrote a note on a task."""

    name: ClassVar[str] = "task-note-added"
    id: str
    task_id: str
    author_id: str
    content: str
    created_at: Timestamp
    task_title: Routing
    watcher_ids: Annotated[tuple[str, ...], Field(exclude=True)] = ()


class TaskDeleted(TaskEvent):
    """A task was deleted."""

    name: ClassVar[str] = "task-deleted"
    id: str
    deleted_at: Timestamp
    first_completed_at: Past = None
    rated_at: Past = None
