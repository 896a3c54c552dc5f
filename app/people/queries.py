"""Who is where, and who may do what to whom."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnExpressionArgument, Select, select
from sqlalchemy.orm import aliased

from app.core.pagination import PageQuery, page
from app.extensions import db
from app.people.models import Department, Role, Team, TeamMember, User
from app.people.schemas import Account, Group, UserRef


def user(id: str) -> User | None:
    """The user ``id``, or None."""
    return db.session.get(User, id)


def user_with_email(email: str) -> User | None:
    """The user with the address ``email`` (as it is stored), or None."""
    return db.session.scalar(select(User).where(User.email == email))


def active_users(ids: Collection[str]) -> list[User]:
    """Those of ``ids`` that are users and not deactivated."""
    return list(db.session.scalars(select(User).where(User.id.in_(ids), User.active)))


def lock_users(*which: ColumnExpressionArgument[bool]) -> list[str]:
    """Lock the users of whom all of ``which`` holds, until the commit; returns their ids.

    They are locked in the order of their ids, and by whoever locks several: two who met them in different orders would
    wait for each other for ever. What refers to a locked user can be stored meanwhile.
    """
    statement = select(User.id).where(*which).order_by(User.id)
    return list(db.session.scalars(statement.with_for_update(key_share=True)))


def team_ids(user_id: str) -> set[str]:
    """The teams that a user belongs to."""
    return set(db.session.scalars(select(TeamMember.team_id).where(TeamMember.user_id == user_id)))


def is_member(user_id: str, team_id: str) -> bool:
    """Whether a user belongs to a team."""
    return db.session.get(TeamMember, (team_id, user_id)) is not None


def member_ids(team_id: str) -> list[str]:
    """The users of a team."""
    return list(db.session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team_id)))


def share_a_team(one_id: str, other_id: str) -> bool:
    """Whether two users belong to a common team."""
    return db.session.scalar(teammates(one_id).where(User.id == other_id).limit(1)) is not None


def teammates(user_id: str) -> Select[str]:
    """A query for the ids of the users who share a team with ``user_id``, that user included."""
    mine, theirs = aliased(TeamMember), aliased(TeamMember)
    return (
        select(User.id)
        .join(theirs, theirs.user_id == User.id)
        .join(mine, mine.team_id == theirs.team_id)
        .where(mine.user_id == user_id)
    )


def sees_team(viewer: User, team_id: str) -> bool:
    """Whether there is such a team and ``viewer`` may know of it: its members may, and admins."""
    return is_member(viewer.id, team_id) or (viewer.is_admin and db.session.get(Team, team_id) is not None)


def manages_team(actor: User, team_id: str) -> bool:
    """Whether ``actor`` is a manager of the team, or an admin."""
    return actor.is_admin or (actor.is_manager and is_member(actor.id, team_id))


def manages_department(actor: User, department_id: str) -> bool:
    """Whether ``actor`` is a manager of the department, or an admin."""
    return actor.is_admin or (actor.is_manager and actor.department_id == department_id)


def manages_user(actor: User, user_id: str) -> bool:
    """Whether ``actor`` is a manager of a team that the user belongs to, or an admin."""
    return actor.is_admin or (actor.is_manager and share_a_team(actor.id, user_id))


def account(of: User) -> Account:
    """A user with e-mail, role and memberships."""
    teams = db.session.scalars(select(Team).join(TeamMember).where(TeamMember.user_id == of.id).order_by(Team.name))
    department = db.session.get(Department, of.department_id) if of.department_id else None
    return Account(
        id=of.id,
        name=of.name,
        email=of.email,
        role=of.role,
        active=of.active,
        teams=[Group.model_validate(team) for team in teams],
        department=Group.model_validate(department) if department else None,
        created_at=of.created_at,
    )


def as_seen_by(viewer: User, user: User) -> UserRef:
    """What ``viewer`` may see of ``user``: everything of oneself, and as an admin; else id and name."""
    if viewer.is_admin or viewer.id == user.id:
        return account(user)
    return UserRef(id=user.id, name=user.name)


def managers_of_team(team_id: str) -> list[str]:
    """The members of a team whose role is manager."""
    return list(
        db.session.scalars(
            select(User.id).join(TeamMember).where(TeamMember.team_id == team_id, User.role == Role.MANAGER)
        )
    )


def users_page(viewer: User, query: PageQuery) -> dict[str, Any]:
    """A page of all users, each as ``viewer`` may see them."""
    found = page(select(User), User.id, query)
    return found | {"items": [as_seen_by(viewer, user) for user in found["items"]]}


def teams_page(viewer: User, query: PageQuery) -> dict[str, Any]:
    """A page of one's own teams; an admin's page is of all."""
    statement = select(Team)
    if not viewer.is_admin:
        statement = statement.join(TeamMember).where(TeamMember.user_id == viewer.id)
    return page(statement, Team.id, query)


def departments_page(viewer: User, query: PageQuery) -> dict[str, Any]:
    """A page of one's own department; an admin's page is of all."""
    statement = select(Department)
    if not viewer.is_admin:
        statement = statement.where(Department.id == viewer.department_id)
    return page(statement, Department.id, query)
