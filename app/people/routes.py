"""``/api/users``, ``/api/teams``, ``/api/departments``."""

from typing import Any

from flask import Blueprint

from app.auth.guard import authenticated, current_user, only
from app.core.api import body, query, returns
from app.core.idempotency import idempotent
from app.core.pagination import PageQuery
from app.people import queries, service
from app.people.models import Department, Role, Team
from app.people.schemas import Account, ChangeUser, Group, Groups, NameGroup, UserRef, Users, VisibleUser

bp = Blueprint("people", __name__, url_prefix="/api")


@bp.get("/users")
@authenticated
@query(PageQuery)
@returns(Users)
def list_users(query: PageQuery) -> dict[str, Any]:
    """All users. Of oneself, and for admins of all, with e-mail, role and memberships."""
    return queries.users_page(current_user(), query)


@bp.get("/users/<id>")
@authenticated
@returns(VisibleUser)
def get_user(id: str) -> UserRef:
    """One user, as much as one may see."""
    return queries.as_seen_by(current_user(), service.get_user(id))


@bp.patch("/users/<id>")
@only(Role.ADMIN)
@body(ChangeUser)
@returns(Account)
def change_user(id: str, body: ChangeUser) -> Account:
    """Change a user's role, or (de)activate them."""
    return queries.account(service.change_user(current_user(), id, body))


@bp.get("/teams")
@authenticated
@query(PageQuery)
@returns(Groups)
def list_teams(query: PageQuery) -> dict[str, Any]:
    """One's own teams; for admins all."""
    return queries.teams_page(current_user(), query)


@bp.post("/teams")
@only(Role.ADMIN)
@idempotent
@body(NameGroup)
@returns(Group, 201)
def create_team(body: NameGroup) -> Team:
    """Make a team."""
    return service.create_team(body)


@bp.put("/teams/<id>/members/<user_id>")
@authenticated
@returns(None, 204)
def add_to_team(id: str, user_id: str) -> None:
    """Add a user to a team (admins, its managers)."""
    service.add_to_team(current_user(), id, user_id)


@bp.delete("/teams/<id>/members/<user_id>")
@authenticated
@returns(None, 204)
def remove_from_team(id: str, user_id: str) -> None:
    """Remove a user from a team (admins, its managers)."""
    service.remove_from_team(current_user(), id, user_id)


@bp.get("/departments")
@authenticated
@query(PageQuery)
@returns(Groups)
def list_departments(query: PageQuery) -> dict[str, Any]:
    """One's own department; for admins all."""
    return queries.departments_page(current_user(), query)


@bp.post("/departments")
@only(Role.ADMIN)
@idempotent
@body(NameGroup)
@returns(Group, 201)
def create_department(body: NameGroup) -> Department:
    """Make a department."""
    return service.create_department(body)


@bp.put("/departments/<id>/members/<user_id>")
@authenticated
@returns(None, 204)
def add_to_department(id: str, user_id: str) -> None:
    """Move a user to a department (admins, its managers)."""
    service.add_to_department(current_user(), id, user_id)


@bp.delete("/departments/<id>/members/<user_id>")
@authenticated
@returns(None, 204)
def remove_from_department(id: str, user_id: str) -> None:
    """Take a user out of a department (admins, its managers)."""
    service.remove_from_department(current_user(), id, user_id)
