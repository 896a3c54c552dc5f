"""Tasks, their watchers and their notes, as they are kept."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.choice import Choice
from app.core.clock import UtcDateTime, now
from app.core.ids import new_id
from app.events.tasks import Priority, Status
from app.extensions import Model


class Task(Model):
    """A piece of work. Hours are hours of work; ``progress`` is percent, and says nothing of the status.

    Attributes:
        started_at: when work on it first began; None also when it was done in one step.
        completed_at: since when it is done; None while it is not.
        first_completed_at: when it was done for the first time, whatever became of it later.
        reopen_count: how often it was taken back from done.
        rating: 1 (bad) to 5 (good), given at ``rated_at``.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        # The metrics count by these: productivity reads the first two indexes alone.
        Index("ix_tasks_assignee_id_completed_at_created_at", "assignee_id", "completed_at", "created_at"),
        Index("ix_tasks_assignee_id_created_at", "assignee_id", "created_at"),
        Index("ix_tasks_assignee_id_first_completed_at", "assignee_id", "first_completed_at"),
        Index("ix_tasks_assignee_id_rated_at", "assignee_id", "rated_at"),
        Index("ix_tasks_due_at_id", "due_at", "id"),
        Index("ix_tasks_priority_id", "priority", "id"),
        Index("ix_tasks_updated_at_id", "updated_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    status: Mapped[Status] = mapped_column(Choice(Status), default=Status.TODO)
    progress: Mapped[int] = mapped_column(default=0)
    priority: Mapped[Priority] = mapped_column(Choice(Priority), default=Priority.MEDIUM)
    creator_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    assignee_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"), index=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    estimate_hours: Mapped[float | None]
    actual_hours: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopen_count: Mapped[int] = mapped_column(default=0)
    rating: Mapped[int | None]
    rated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def enter(self, status: Status, at: datetime) -> None:
        """Move to another status, and remember when work began, when it was done and that it was reopened."""
        at = max(at, self.created_at)  # the clock of another process may be behind that of the one that made it
        self.updated_at = at
        if status in (Status.IN_PROGRESS, Status.IN_REVIEW):
            self.started_at = self.started_at or at
        if status == Status.DONE:
            self.completed_at = at
            self.first_completed_at = self.first_completed_at or at
        elif self.status == Status.DONE:
            self.completed_at = None
            self.reopen_count += 1
        self.status = status


class Watcher(Model):
    """A user who wants to hear of a task."""

    __tablename__ = "task_watchers"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)


class Note(Model):
    """What somebody wrote on a task."""

    __tablename__ = "task_notes"
    __table_args__ = (Index("ix_task_notes_task_id_id", "task_id", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    author_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    content: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
