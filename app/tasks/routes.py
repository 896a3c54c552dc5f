"""``/api/tasks``. What changes a task answers with the task as the event tells it; ``GET`` adds the rating."""

from typing import Any

from flask import Blueprint

from app.auth.guard import authenticated, current_user
from app.core.api import body, fails, query, returns
from app.core.idempotency import idempotent
from app.core.pagination import PageQuery
from app.events.tasks import TaskPayload
from app.tasks import queries, service
from app.tasks.models import Note, Task
from app.tasks.schemas import (
    AssignTask,
    ChangeTask,
    CompleteTask,
    CreateTask,
    NotePage,
    NoteView,
    RatedTask,
    RateTask,
    SetProgress,
    SetStatus,
    TaskPage,
    TasksQuery,
    VisibleTask,
    WatcherPage,
    WriteNote,
)

bp = Blueprint("tasks", __name__, url_prefix="/api/tasks")


@bp.get("")
@authenticated
@query(TasksQuery)
@returns(TaskPage)
def list_tasks(query: TasksQuery) -> dict[str, Any]:
    """The tasks that one may see, newest first unless sorted otherwise; a cursor goes on in the same sort alone."""
    return queries.tasks_page(current_user(), query)


@bp.post("")
@authenticated
@idempotent
@body(CreateTask)
@fails(404)
@returns(TaskPayload, 201)
def create_task(body: CreateTask) -> Task:
    """Make a task, of a team of one's own or of none, for oneself, for who shares a team, or for nobody yet."""
    return service.create(current_user(), body)


@bp.get("/<id>")
@authenticated
@returns(VisibleTask)
def get_task(id: str) -> TaskPayload:
    """One task. Its creator, its assignee, managers of either's team and admins also see its rating."""
    return service.get(current_user(), id)


@bp.patch("/<id>")
@authenticated
@body(ChangeTask)
@returns(TaskPayload)
def change_task(id: str, body: ChangeTask) -> Task:
    """Change what a task says (its creator, its assignee, managers, admins)."""
    return service.change(current_user(), id, body)


@bp.delete("/<id>")
@authenticated
@returns(None, 204)
def delete_task(id: str) -> None:
    """Delete a task with its notes (who may change it)."""
    service.delete(current_user(), id)


@bp.put("/<id>/assignee")
@authenticated
@body(AssignTask)
@returns(TaskPayload)
def assign_task(id: str, body: AssignTask) -> Task:
    """Give a task to oneself, to who shares a team, or to nobody (its creator, managers, admins)."""
    return service.assign(current_user(), id, body)


@bp.patch("/<id>/status")
@authenticated
@body(SetStatus)
@returns(TaskPayload)
def set_status(id: str, body: SetStatus) -> Task:
    """Move a task to another status; to ``done`` completes it, from there reopens it (who may change it)."""
    return service.set_status(current_user(), id, body)


@bp.patch("/<id>/progress")
@authenticated
@body(SetProgress)
@returns(TaskPayload)
def set_progress(id: str, body: SetProgress) -> Task:
    """Say how many percent of a task are done; 100 does not complete it (who may change it)."""
    return service.set_progress(current_user(), id, body)


@bp.post("/<id>/complete")
@authenticated
@body(CompleteTask)
@returns(TaskPayload)
def complete_task(id: str, body: CompleteTask) -> Task:
    """Complete a task; of one that is done, correct the hours that it took (who may change it)."""
    return service.complete(current_user(), id, body)


@bp.put("/<id>/rating")
@authenticated
@body(RateTask)
@returns(RatedTask)
def rate_task(id: str, body: RateTask) -> RatedTask:
    """Rate the work on a task (its creator, managers, admins; not its assignee)."""
    return service.rate(current_user(), id, body)


@bp.get("/<id>/watchers")
@authenticated
@query(PageQuery)
@returns(WatcherPage)
def list_watchers(id: str, query: PageQuery) -> dict[str, Any]:
    """The users who watch a task that one may see."""
    return service.watchers(current_user(), id, query)


@bp.put("/<id>/watchers/<user_id>")
@authenticated
@returns(None, 204)
def watch_task(id: str, user_id: str) -> None:
    """Watch a task that one may see; who may change it also makes others watch it."""
    service.watch(current_user(), id, user_id)


@bp.delete("/<id>/watchers/<user_id>")
@authenticated
@returns(None, 204)
def stop_watching_task(id: str, user_id: str) -> None:
    """Stop watching a task; who may change it also stops others."""
    service.stop_watching(current_user(), id, user_id)


@bp.get("/<id>/notes")
@authenticated
@query(PageQuery)
@returns(NotePage)
def list_notes(id: str, query: PageQuery) -> dict[str, Any]:
    """The notes on a task that one may see, newest first."""
    return service.notes(current_user(), id, query)


@bp.post("/<id>/notes")
@authenticated
@idempotent
@body(WriteNote)
@returns(NoteView, 201)
def add_note(id: str, body: WriteNote) -> Note:
    """Write a note on a task that one may see."""
    return service.add_note(current_user(), id, body)
