"""Tasks, as far as somebody may see them."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from app.core.clock import now
from app.core.pagination import Order, PageQuery, Part, page
from app.events.tasks import Priority, Status, TaskPayload
from app.extensions import db
from app.people.models import TeamMember, User
from app.people.queries import lock_users
from app.tasks.listing import listed_for
from app.tasks.models import Note, Task, Watcher
from app.tasks.rights import changeable_by, visible_to
from app.tasks.schemas import RatedTask, Sort, TasksQuery


def visible_task(viewer: User, id: str) -> Task | None:
    """The task ``id``; None when there is none or ``viewer`` may not see it."""
    return db.session.scalar(select(Task).where(Task.id == id, visible_to(viewer)))


def locked_task(viewer: User, id: str, allowed: ColumnElement[bool]) -> tuple[Task, bool] | None:
    """The task ``id`` and whether it is ``allowed``, as :func:`visible_task` else; others who change it wait."""
    statement = select(Task, allowed).where(Task.id == id, visible_to(viewer)).with_for_update(of=Task)
    row = db.session.execute(statement).one_or_none()
    return (row[0], bool(row[1])) if row else None


def lock_people(task: Task, *others: str | None) -> None:
    """Lock whom a change of the task may concern, and ``others``; several subscribers go on to lock some of them."""
    watchers = select(Watcher.user_id).where(Watcher.task_id == task.id)
    people = [id for id in (task.creator_id, task.assignee_id, *others) if id]
    lock_users(or_(User.id.in_(people), User.id.in_(watchers)))


def lock_memberships(user_id: str) -> None:
    """Have who ends a membership of the user wait for this transaction, and read none that ends at this moment."""
    memberships = select(TeamMember.team_id).where(TeamMember.user_id == user_id).order_by(TeamMember.team_id)
    db.session.execute(memberships.with_for_update(read=True, key_share=True))


def as_seen_by(viewer: User, tasks: list[Task]) -> list[TaskPayload]:
    """The tasks as ``viewer`` may see them: with their rating, or without."""
    ids = [task.id for task in tasks]
    # The right is no condition here: for one SQLite would look through all that ``viewer`` may change.
    rights = db.session.execute(select(Task.id, changeable_by(viewer)).where(Task.id.in_(ids)))
    rated = {id for id, changeable in rights if changeable}
    return [(RatedTask if task.id in rated else TaskPayload).model_validate(task) for task in tasks]


def tasks_page(viewer: User, query: TasksQuery) -> dict[str, Any]:
    """A page of the tasks that ``viewer`` may see."""
    statement = select(Task).where(listed_for(viewer), *_conditions(viewer, query))
    found = page(statement, Task.id, query, order(query.sort))
    return found | {"items": as_seen_by(viewer, found["items"])}


def order(sort: Sort) -> Order:
    """What comes first in a list that is sorted so; within one priority, and among those never due, goes the id."""
    descending = sort.startswith("-")
    parts: tuple[Part, ...] = (Part(),)
    match sort.removeprefix("-"):
        case Sort.DUE:
            parts = (Part(Task.due_at.is_not(None), Task.due_at), Part(Task.due_at.is_(None)))
        case Sort.PRIORITY:
            words = list(Priority)[:: -1 if descending else 1]
            parts = tuple(Part(Task.priority == word) for word in words)
        case Sort.UPDATED:
            parts = (Part(column=Task.updated_at),)
    return Order(sort, parts, descending)


def _conditions(viewer: User, query: TasksQuery) -> Iterator[ColumnElement[bool]]:
    for column, wanted in (
        (Task.assignee_id, query.assignee_id),
        (Task.team_id, query.team_id),
        (Task.creator_id, query.creator_id),
    ):
        if wanted is not None:
            yield column == wanted
    if query.status is not None:
        yield Task.status.in_(query.status)
    if query.watching:
        yield Task.id.in_(select(Watcher.task_id).where(Watcher.user_id == viewer.id))
    if query.due_after is not None:
        yield Task.due_at >= query.due_after
    if query.due_before is not None:
        yield Task.due_at < query.due_before
    if query.overdue:
        yield and_(Task.due_at < now(), Task.status != Status.DONE)
    if query.undated:
        yield Task.due_at.is_(None)


def notes_page(task_id: str, query: PageQuery) -> dict[str, Any]:
    """A page of the notes on a task."""
    return page(select(Note).where(Note.task_id == task_id), Note.id, query)


def watchers_page(task_id: str, query: PageQuery) -> dict[str, Any]:
    """A page of the users who watch a task."""
    watching = select(Watcher.user_id).where(Watcher.task_id == task_id)
    return page(select(User).where(User.id.in_(watching)), User.id, query)


def watcher_ids(task_id: str) -> tuple[str, ...]:
    """The users who watch a task."""
    return tuple(db.session.scalars(select(Watcher.user_id).where(Watcher.task_id == task_id)))
