"""Who may do what with a task: one condition on the row for each right, for single tasks and lists alike.

Read "such a manager" as: a manager of the task's team or of a team of its assignee. Admins count as one of every task.
"""

from collections.abc import Callable, Collection

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true

from app.people.models import TeamMember, User
from app.people.queries import teammates
from app.tasks.models import Task, Watcher

Right = Callable[[User], ColumnElement[bool]]


def visible_to(user: User) -> ColumnElement[bool]:
    """Seen, watched and noted by its creator, its assignee, who watches it, its team and such managers."""
    return or_(*ways_to_see(user, _teams_of(user)))


def ways_to_see(user: User, teams: Select[str] | Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """The conditions of which one holds for what ``user``, of ``teams``, sees; an index finds the tasks of each."""
    if user.is_admin:
        return (true(),)
    managed = (Task.assignee_id.in_(teammates(user.id)),) if user.is_manager else ()
    watched = select(Watcher.task_id).where(Watcher.user_id == user.id)
    own = Task.assignee_id == user.id, Task.creator_id == user.id, Task.id.in_(watched)
    return (Task.team_id.in_(teams), *managed, *own)  # those that give most come first


def changeable_by(user: User) -> ColumnElement[bool]:
    """Changed and deleted by its creator, its assignee and such managers; they also see its rating."""
    return or_(Task.assignee_id == user.id, assignable_by(user))


def assignable_by(user: User) -> ColumnElement[bool]:
    """Assigned by its creator and such managers."""
    return or_(Task.creator_id == user.id, _managed_by(user))


def rateable_by(user: User) -> ColumnElement[bool]:
    """Rated by its creator and such managers, but never by its assignee."""
    return and_(assignable_by(user), Task.assignee_id.is_distinct_from(user.id))


def _managed_by(user: User) -> ColumnElement[bool]:
    if user.is_admin:
        return true()
    if not user.is_manager:
        return false()
    return or_(Task.team_id.in_(_teams_of(user)), Task.assignee_id.in_(teammates(user.id)))


def _teams_of(user: User) -> Select[str]:
    return select(TeamMember.team_id).where(TeamMember.user_id == user.id)
