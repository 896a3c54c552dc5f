"""``flask teams …``: teams and who belongs to them. What is changed is changed in the name of an admin."""

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app.auth.schemas import stored_email
from app.cli.errors import explained
from app.cli.output import done, json_option, show
from app.core.schema import Schema
from app.extensions import db
from app.people import service
from app.people.models import Team, TeamMember, User
from app.people.schemas import NameGroup

teams = AppGroup("teams", help="Manage teams.")
as_option = click.option("--as", "admin", required=True, help="The e-mail address of the admin who does it.")


class TeamRow(Schema):
    """One team, with the e-mail addresses of its members."""

    id: str
    name: str
    members: list[str]


@teams.command("list")
@json_option
def list_teams(*, as_json: bool) -> None:
    """List all teams with their members."""
    with explained():
        members = select(TeamMember.team_id, User.email).join(User, User.id == TeamMember.user_id).order_by(User.email)
        emails: dict[str, list[str]] = {}
        for team_id, email in db.session.execute(members):
            emails.setdefault(team_id, []).append(email)
        found = [
            TeamRow(id=team.id, name=team.name, members=emails.get(team.id, []))
            for team in db.session.scalars(select(Team).order_by(Team.name))
        ]
    show("Teams", ("name", "id", "members"), found, as_json=as_json)


@teams.command("create")
@click.argument("name")
@json_option
def create(*, name: str, as_json: bool) -> None:
    """Make a team without members."""
    with explained():
        team = service.create_team(NameGroup(name=name))
    done(f"{team.name}, {team.id}", as_json=as_json, id=team.id, name=team.name)


@teams.command("add")
@click.argument("team_id")
@click.argument("email")
@as_option
@json_option
def add(*, team_id: str, email: str, admin: str, as_json: bool) -> None:
    """Make the user who registered with EMAIL a member of a team."""
    with explained():
        user = service.registered(stored_email(email))
        service.add_to_team(service.registered(stored_email(admin)), team_id, user.id)
    done(f"{user.name} belongs to it.", as_json=as_json, team_id=team_id, user_id=user.id)


@teams.command("remove")
@click.argument("team_id")
@click.argument("email")
@as_option
@json_option
def remove(*, team_id: str, email: str, admin: str, as_json: bool) -> None:
    """End the membership of the user who registered with EMAIL; their sockets leave the team's rooms."""
    with explained():
        user = service.registered(stored_email(email))
        service.remove_from_team(service.registered(stored_email(admin)), team_id, user.id)
    done(f"{user.name} no longer belongs to it.", as_json=as_json, team_id=team_id, user_id=user.id)
