"""``flask teams …`` and ``flask departments …``: who belongs where. Members are changed in the name of an admin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import Select, select

from app.auth.schemas import stored_email
from app.cli.errors import explained
from app.cli.options import json_option
from app.cli.output import done, show
from app.core.schema import Schema
from app.extensions import db
from app.people import service
from app.people.models import Department, Team, TeamMember, User
from app.people.schemas import NameGroup

as_option = click.option("--as", "admin", required=True, help="The e-mail address of the admin who does it.")


class GroupRow(Schema):
    """One team or department, with the e-mail addresses of its members."""

    id: str
    name: str
    members: list[str]


@dataclass(frozen=True)
class Kind:
    """Teams, or departments.

    Attributes:
        word: what one is called; it also begins the key of its id in JSON.
        model: its class.
        members: a query for the group's id and the e-mail address of each member of any.
        create: makes one.
        add: makes a user a member: the actor, the group's id, the user's id.
        remove: ends a membership; likewise.
    """

    word: str
    model: type[Team] | type[Department]
    members: Select[*tuple[Any, ...]]
    create: Callable[[NameGroup], Team | Department]
    add: Callable[[User, str, str], None]
    remove: Callable[[User, str, str], None]


TEAMS = Kind(
    "team",
    Team,
    select(TeamMember.team_id, User.email).join(User, User.id == TeamMember.user_id),
    service.create_team,
    service.add_to_team,
    service.remove_from_team,
)
DEPARTMENTS = Kind(
    "department",
    Department,
    select(User.department_id, User.email).where(User.department_id.is_not(None)),
    service.create_department,
    service.add_to_department,
    service.remove_from_department,
)


def _commands(kind: Kind) -> AppGroup:
    group = AppGroup(f"{kind.word}s", help=f"Manage {kind.word}s.")

    @group.command("list", help=f"List all {kind.word}s with their members.")
    @json_option
    def list_groups(*, as_json: bool) -> None:
        with explained():
            found = _rows(kind)
        show(f"{kind.word.title()}s", ("name", "id", "members"), found, as_json=as_json)

    @group.command("create", help=f"Make a {kind.word} without members.")
    @click.argument("name")
    @json_option
    def create(*, name: str, as_json: bool) -> None:
        with explained():
            made = kind.create(NameGroup(name=name))
        done(f"{made.name}, {made.id}", as_json=as_json, id=made.id, name=made.name)

    def command_that(verb: str, change: Callable[[User, str, str], None], told: str, about: str) -> None:
        @group.command(verb, help=about)
        @click.argument("id")
        @click.argument("email")
        @as_option
        @json_option
        def command(*, id: str, email: str, admin: str, as_json: bool) -> None:
            with explained():
                user = service.registered(stored_email(email))
                change(service.registered(stored_email(admin)), id, user.id)
            done(f"{user.name} {told}.", as_json=as_json, **{f"{kind.word}_id": id, "user_id": user.id})

    user = "the user who registered with EMAIL"
    command_that("add", kind.add, "belongs to it", f"Put {user} into the {kind.word} ID.")
    about = f"Take {user} out of the {kind.word} ID; their sockets leave the rooms that went with it."
    command_that("remove", kind.remove, "no longer belongs to it", about)
    return group


def _rows(kind: Kind) -> list[GroupRow]:
    emails: dict[str, list[str]] = {}
    for id, email in db.session.execute(kind.members.order_by(User.email)):
        emails.setdefault(id, []).append(email)
    groups = db.session.execute(select(kind.model.id, kind.model.name).order_by(kind.model.name))
    return [GroupRow(id=id, name=name, members=emails.get(id, [])) for id, name in groups]


teams, departments = _commands(TEAMS), _commands(DEPARTMENTS)
