"""Changing tasks. Each change is told by an event with the task as it is then; what changes nothing tells nothing."""

from typing import Any

from sqlalchemy import delete as delete_rows

from app.core.clock import now
from app.core.errors import Forbidden, NotFound
from app.core.pagination import PageQuery
from app.core.transaction import Transaction, transaction
from app.events.audit import AuditAction, Audited
from app.events.tasks import (
    Status,
    TaskAssigned,
    TaskCompleted,
    TaskDeleted,
    TaskEvent,
    TaskNoteAdded,
    TaskPayload,
    TaskProgressUpdated,
    TaskStatusUpdated,
    TaskUpdated,
)
from app.extensions import db
from app.people.models import User
from app.people.queries import sees_team, share_a_team, user
from app.tasks import queries
from app.tasks.models import Note, Task, Watcher
from app.tasks.rights import Right, assignable_by, changeable_by, rateable_by, visible_to
from app.tasks.schemas import (
    AssignTask,
    ChangeTask,
    CompleteTask,
    CreateTask,
    NoteView,
    RatedTask,
    RateTask,
    SetProgress,
    SetStatus,
    WriteNote,
)

NO_SUCH_TASK = "There is no such task."


def get(viewer: User, id: str) -> TaskPayload:
    """The task ``id``, with its rating where ``viewer`` may see that.

    Raises:
        NotFound: there is none, or ``viewer`` may not see it. Every function here that takes a task's id says so.
    """
    [seen] = queries.as_seen_by(viewer, [_seen_task(viewer, id)])
    return seen


def create(actor: User, form: CreateTask) -> Task:
    """Make a task of the caller's.

    Raises:
        NotFound: the team is none that the caller may see, or there is no such user.
        Forbidden: the caller may not involve that user.
    """
    with transaction() as tx:
        _check_team(actor, form.team_id)
        if form.assignee_id is not None:
            _check_involved(actor, form.assignee_id)
        created_at = now()
        task = Task(**form.model_dump(), creator_id=actor.id, created_at=created_at, updated_at=created_at)
        db.session.add(task)
        _tell(tx, TaskAssigned if task.assignee_id else TaskUpdated, task, actor)
        return task


def change(actor: User, id: str, form: ChangeTask) -> Task:
    """Set the fields that ``form`` was given.

    Raises:
        NotFound: (also) the new team is none that the caller may see.
        Forbidden: the caller may see the task and not change it.
    """
    with transaction() as tx:
        task = _task(actor, id, changeable_by)
        if form.team_id != task.team_id:
            _check_team(actor, form.team_id)
        for field, value in form.model_dump(exclude_unset=True).items():
            setattr(task, field, value)
        if db.session.is_modified(task):
            _tell(tx, TaskUpdated, task, actor, fields=tuple(form.model_fields_set))
        return task


def delete(actor: User, id: str) -> None:
    """Delete a task, with its notes."""
    with transaction() as tx:
        task = _task(actor, id, changeable_by)
        db.session.delete(task)
        if actor.id != task.creator_id:
            deleted = AuditAction.TASK_DELETED
            tx.publish(Audited(action=deleted, actor_id=actor.id, target=("task", id)))
        _tell(tx, TaskDeleted, task, actor, deleted_at=now())


def assign(actor: User, id: str, form: AssignTask) -> Task:
    """Give a task to a user, or to nobody.

    Raises:
        NotFound: (also) there is no such user.
        Forbidden: the caller may not assign the task, or not to that user.
    """
    with transaction() as tx:
        task = _task(actor, id, assignable_by)
        previous = task.assignee_id
        if form.user_id != previous:
            if form.user_id is not None:
                _check_involved(actor, form.user_id)
            queries.lock_people(task, form.user_id)
            task.assignee_id = form.user_id
            _tell(tx, TaskAssigned, task, actor, previous_assignee_id=previous)
        return task


def set_status(actor: User, id: str, form: SetStatus) -> Task:
    """Move a task to a status; to ``done`` is completing it."""
    with transaction() as tx:
        task = _task(actor, id, changeable_by)
        _enter(tx, task, actor, form.status)
        return task


def set_progress(actor: User, id: str, form: SetProgress) -> Task:
    """Say how much of a task is done. 100 percent is not completing it."""
    with transaction() as tx:
        task = _task(actor, id, changeable_by)
        task.progress = form.progress
        if db.session.is_modified(task):
            _tell(tx, TaskProgressUpdated, task, actor)
        return task


def complete(actor: User, id: str, form: CompleteTask) -> Task:
    """Complete a task. Of one that is done, only other ``actual_hours`` are a change."""
    with transaction() as tx:
        task = _task(actor, id, changeable_by)
        if form.actual_hours is not None:
            task.actual_hours = form.actual_hours
        if task.status != Status.DONE:
            _enter(tx, task, actor, Status.DONE)
        elif db.session.is_modified(task):
            _tell(tx, TaskUpdated, task, actor, fields=("actual_hours",))
        return task


def rate(actor: User, id: str, form: RateTask) -> RatedTask:
    """Rate the work on a task.

    Raises:
        Forbidden: the caller is its assignee, or neither its creator nor such a manager.
    """
    with transaction() as tx:
        task = _task(actor, id, rateable_by)
        task.rating = form.rating
        if db.session.is_modified(task):
            task.rated_at = now()
            _tell(tx, TaskUpdated, task, actor, fields=("rating",))
        return RatedTask.model_validate(task)


def watch(actor: User, id: str, user_id: str) -> None:
    """Make a user a watcher of a task; one who is stays one.

    Raises:
        NotFound: (also) there is no such user.
        Forbidden: the watcher is another, and the caller may not change the task or not involve that user.
    """
    with transaction():
        queries.lock_memberships(user_id)
        _task(actor, id, _watching_of(actor, user_id))
        _check_involved(actor, user_id)
        if db.session.get(Watcher, (id, user_id)) is None:
            db.session.add(Watcher(task_id=id, user_id=user_id))


def stop_watching(actor: User, id: str, user_id: str) -> None:
    """End a user's watching of a task; one who doesn't watch it has stopped already.

    Raises:
        Forbidden: the watcher is another, and the caller may not change the task.
    """
    with transaction():
        _task(actor, id, _watching_of(actor, user_id))
        db.session.execute(delete_rows(Watcher).where(Watcher.task_id == id, Watcher.user_id == user_id))


def watchers(viewer: User, id: str, query: PageQuery) -> dict[str, Any]:
    """A page of the users who watch a task."""
    return queries.watchers_page(_seen_task(viewer, id).id, query)


def notes(viewer: User, id: str, query: PageQuery) -> dict[str, Any]:
    """A page of the notes on a task."""
    return queries.notes_page(_seen_task(viewer, id).id, query)


def add_note(actor: User, id: str, form: WriteNote) -> Note:
    """Write a note on a task that one may see."""
    with transaction() as tx:
        task = _task(actor, id, visible_to)
        note = Note(task_id=task.id, author_id=actor.id, content=form.content)
        db.session.add(note)
        db.session.flush()
        facts = NoteView.model_validate(note).model_dump()
        _tell(tx, TaskNoteAdded, task, actor, **facts, task_title=task.title, watcher_ids=queries.watcher_ids(id))
        return note


def _enter(tx: Transaction, task: Task, actor: User, status: Status) -> None:
    previous = task.status
    if status == previous:
        return
    queries.lock_people(task)
    task.enter(status, now())
    _tell(tx, TaskStatusUpdated, task, actor, previous_status=previous)
    if status == Status.DONE:
        _tell(tx, TaskCompleted, task, actor, watcher_ids=queries.watcher_ids(task.id))


def _tell(tx: Transaction, event: type[TaskEvent], task: Task, actor: User, **facts: Any) -> None:
    """Publish ``event``: what it says of the task is the row as it is now, the rest is in ``facts``."""
    db.session.flush()  # gives the row its defaults and its time of change
    columns = {name: getattr(task, name) for name in event.model_fields if name in Task.__table__.columns}
    tx.publish(event.model_validate(columns | {"actor_id": actor.id} | facts))


def _seen_task(viewer: User, id: str) -> Task:
    task = queries.visible_task(viewer, id)
    if task is None:
        raise NotFound(NO_SUCH_TASK)
    return task


def _task(actor: User, id: str, right: Right) -> Task:
    found = queries.locked_task(actor, id, right(actor))
    if found is None:
        raise NotFound(NO_SUCH_TASK)
    task, allowed = found
    if not allowed:
        raise Forbidden("You may see this task, but not do this with it.")
    return task


def _watching_of(actor: User, user_id: str) -> Right:
    return visible_to if user_id == actor.id else changeable_by


def _check_team(actor: User, team_id: str | None) -> None:
    if team_id is not None and not sees_team(actor, team_id):
        raise NotFound("There is no such team.")


def _check_involved(actor: User, user_id: str) -> None:
    """Whom one may give a task to, or make a watcher: oneself, and who shares a team; as an admin anyone active."""
    found = user(user_id)
    if found is None:
        raise NotFound("There is no such user.")
    reachable = user_id == actor.id or actor.is_admin or share_a_team(actor.id, user_id)
    if not (reachable and found.active):
        raise Forbidden("This takes yourself, or an active user who shares a team with you.")
