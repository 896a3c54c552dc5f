"""What a task remembers of the statuses that it went through."""

from datetime import UTC, datetime, timedelta

import pytest

from app.events.tasks import Status
from app.tasks.models import Task

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def task_after(*statuses: Status) -> Task:
    """A task that entered each of ``statuses``, the first at T0, then one an hour."""
    task = Task(status=Status.TODO, reopen_count=0, created_at=T0)
    for hours, status in enumerate(statuses):
        task.enter(status, T0 + timedelta(hours=hours))
    return task


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.IN_REVIEW])
def test_work_begins_when_it_is_in_progress_or_in_review(status: Status) -> None:
    assert task_after(status).started_at == T0


@pytest.mark.parametrize("status", [Status.BLOCKED, Status.DONE, Status.TODO])
def test_no_other_status_begins_work(status: Status) -> None:
    assert task_after(status).started_at is None


def test_work_begins_once() -> None:
    assert task_after(Status.IN_PROGRESS, Status.BLOCKED, Status.IN_PROGRESS).started_at == T0


def test_done_is_completed() -> None:
    task = task_after(Status.IN_PROGRESS, Status.DONE)
    assert task.completed_at == task.first_completed_at == T0 + timedelta(hours=1)


def test_nothing_happens_to_a_task_before_it_was_made() -> None:
    task = Task(status=Status.TODO, reopen_count=0, created_at=T0)
    task.enter(Status.DONE, T0 - timedelta(milliseconds=1))  # of another process, whose clock is behind
    assert task.completed_at == task.updated_at == T0


def test_it_was_updated_when_it_was_completed() -> None:
    task = task_after(Status.IN_PROGRESS, Status.DONE)
    assert task.updated_at == task.completed_at


@pytest.mark.parametrize("status", [Status.TODO, Status.IN_PROGRESS, Status.IN_REVIEW, Status.BLOCKED])
def test_leaving_done_reopens(status: Status) -> None:
    task = task_after(Status.DONE, status)
    assert (task.completed_at, task.reopen_count) == (None, 1)


def test_the_first_completion_is_remembered() -> None:
    task = task_after(Status.DONE, Status.TODO, Status.DONE)
    assert (task.first_completed_at, task.completed_at) == (T0, T0 + timedelta(hours=2))


def test_each_reopening_counts() -> None:
    assert task_after(Status.DONE, Status.TODO, Status.DONE, Status.BLOCKED).reopen_count == 2
