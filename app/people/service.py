"""Changing who is who and who belongs where. Whoever loses a right leaves the rooms that went with it, at once."""

from sqlalchemy import delete, or_
from sqlalchemy.dialects.postgresql import insert

from app.core.errors import Conflict, Forbidden, NotFound
from app.core.transaction import Transaction, transaction
from app.events.audit import AuditAction, Audited
from app.events.connection import LeaveReason
from app.events.controls import CheckRights
from app.events.people import RoleChanged, TeamLeft, UserDeactivated
from app.extensions import db
from app.people import queries
from app.people.models import Department, Role, Team, TeamMember, User
from app.people.schemas import ChangeUser, NameGroup


def get_user(id: str) -> User:
    """The user ``id``.

    Raises:
        NotFound: there is none.
    """
    user = queries.user(id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def change_user(actor: User, id: str, change: ChangeUser) -> User:
    """Set a user's role, or activate or deactivate them.

    Raises:
        Forbidden: admins can't change themselves, so that one always remains.
    """
    with transaction() as tx:
        queries.lock_users(or_(User.role == Role.ADMIN, User.id == id))
        if not (actor.is_admin and actor.active):  # read behind the lock: two who do it to each other take turns
            raise Forbidden("This takes the role admin, and an account that is active.")
        user = get_user(id)
        if user.id == actor.id:
            raise Forbidden("You can't change your own role or deactivate yourself; ask another admin.")
        if change.role is not None:
            _set_role(tx, actor, user, change.role)
        if change.active is not None:
            _set_active(tx, actor, user, active=change.active)
        return user


def give_role(email: str, role: Role) -> User:
    """Give a user a role, as who runs the server may; it is how there comes to be a first admin.

    Raises:
        NotFound: nobody registered with ``email``.
        Conflict: the user was deactivated.
    """
    with transaction() as tx:
        user = registered(email)
        if not user.active:
            raise Conflict(f"The account of {email} was deactivated.")
        _set_role(tx, None, user, role)
        return user


def activate(email: str, *, active: bool) -> User:
    """Activate or deactivate a user, as who runs the server may.

    Raises:
        NotFound: nobody registered with ``email``.
    """
    with transaction() as tx:
        user = registered(email)
        _set_active(tx, None, user, active=active)
        return user


def registered(email: str) -> User:
    """The user with the address ``email``, as it is stored.

    Raises:
        NotFound: there is none.
    """
    user = queries.user_with_email(email)
    if user is None:
        raise NotFound(f"Nobody has registered with {email}.")
    return user


def create_team(form: NameGroup) -> Team:
    """Make a team, without members."""
    with transaction():
        team = Team(name=form.name)
        db.session.add(team)
        return team


def create_department(form: NameGroup) -> Department:
    """Make a department, without members."""
    with transaction():
        department = Department(name=form.name)
        db.session.add(department)
        return department


def add_to_team(actor: User, team_id: str, user_id: str) -> None:
    """Make a user a member of a team; one who is stays one."""
    with transaction() as tx:
        _require_team_manager(actor, team_id)
        get_user(user_id)
        added = insert(TeamMember).values(team_id=team_id, user_id=user_id).on_conflict_do_nothing()
        if db.session.scalar(added.returning(TeamMember.user_id)) is not None:
            _audit(tx, AuditAction.MEMBER_ADDED, actor, ("team", team_id), user_id)


def remove_from_team(actor: User, team_id: str, user_id: str) -> None:
    """End a membership. The rooms that came with it, for the user and for those who managed them in it, are left."""
    with transaction() as tx:
        _require_team_manager(actor, team_id)
        managers = queries.managers_of_team(team_id)
        ended = delete(TeamMember).where(TeamMember.team_id == team_id, TeamMember.user_id == user_id)
        if db.session.scalar(ended.returning(TeamMember.user_id)) is None:
            raise NotFound("The user is not a member of this team.")
        _audit(tx, AuditAction.MEMBER_REMOVED, actor, ("team", team_id), user_id)
        tx.publish(TeamLeft(team_id=team_id, user_id=user_id))
        _check_rights(tx, user_id, *managers)


def add_to_department(actor: User, department_id: str, user_id: str) -> None:
    """Move a user to a department; the room of the one before is left."""
    with transaction() as tx:
        _require_department_manager(actor, department_id)
        user = get_user(user_id)
        if user.department_id != department_id:
            if user.department_id is not None:
                _audit(tx, AuditAction.MEMBER_REMOVED, actor, ("department", user.department_id), user_id)
            user.department_id = department_id
            _audit(tx, AuditAction.MEMBER_ADDED, actor, ("department", department_id), user_id)
            _check_rights(tx, user_id)


def remove_from_department(actor: User, department_id: str, user_id: str) -> None:
    """Take a user out of a department; its room is left."""
    with transaction() as tx:
        _require_department_manager(actor, department_id)
        user = queries.user(user_id)
        if user is None or user.department_id != department_id:
            raise NotFound("The user is not in this department.")
        user.department_id = None
        _audit(tx, AuditAction.MEMBER_REMOVED, actor, ("department", department_id), user_id)
        _check_rights(tx, user_id)


def _set_role(tx: Transaction, actor: User | None, user: User, role: Role) -> None:
    if user.role != role:
        details = {"from": user.role.value, "to": role.value}
        by = actor.id if actor else None
        tx.publish(Audited(action=AuditAction.ROLE_CHANGED, actor_id=by, target=("user", user.id), details=details))
        user.role = role
        tx.publish(CheckRights(user_ids=(user.id,), reason=LeaveReason.ROLE_CHANGED))
        tx.publish(RoleChanged(user_id=user.id))


def _set_active(tx: Transaction, actor: User | None, user: User, *, active: bool) -> None:
    if user.active != active:
        user.active = active
        if not active:
            tx.publish(UserDeactivated(user_id=user.id))
        done = AuditAction.ACTIVATED if active else AuditAction.DEACTIVATED
        tx.publish(Audited(action=done, actor_id=actor.id if actor else None, target=("user", user.id)))


def _audit(tx: Transaction, action: AuditAction, actor: User, group: tuple[str, str], user_id: str) -> None:
    tx.publish(Audited(action=action, actor_id=actor.id, target=group, details={"userId": user_id}))


def _check_rights(tx: Transaction, *user_ids: str) -> None:
    tx.publish(CheckRights(user_ids=tuple(dict.fromkeys(user_ids)), reason=LeaveReason.REMOVED))


def _require_team_manager(actor: User, team_id: str) -> None:
    if not queries.sees_team(actor, team_id):
        raise NotFound("There is no such team.")
    if not queries.manages_team(actor, team_id):
        raise Forbidden("Only an admin or a manager of the team may do this.")


def _require_department_manager(actor: User, department_id: str) -> None:
    sees = actor.is_admin or actor.department_id == department_id
    if not sees or db.session.get(Department, department_id) is None:
        raise NotFound("There is no such department.")
    if not queries.manages_department(actor, department_id):
        raise Forbidden("Only an admin or a manager of the department may do this.")
