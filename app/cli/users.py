"""``flask users …``: what who runs the server does to accounts."""

import sys

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app.auth import service as auth
from app.auth.schemas import NewPassword, Register, stored_email
from app.cli.errors import explained
from app.cli.options import MOST, json_option
from app.cli.output import done, show
from app.core.clock import Timestamp
from app.core.schema import Schema
from app.extensions import db
from app.people import service
from app.people.models import Role, User

users = AppGroup("users", help="Manage accounts.")


class Account(Schema):
    """One account."""

    id: str
    email: str
    name: str
    role: Role
    active: bool
    created_at: Timestamp


@users.command("list")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Only those who have it.")
@click.option("--inactive", is_flag=True, help="Only those who were deactivated.")
@click.option("--limit", default=100, type=click.IntRange(1, MOST), show_default=True, help="The newest so many.")
@json_option
def list_users(*, role: str | None, inactive: bool, limit: int, as_json: bool) -> None:
    """List accounts, the newest first."""
    query = select(User).order_by(User.id.desc()).limit(limit)
    if role is not None:
        query = query.where(User.role == Role(role))
    if inactive:
        query = query.where(~User.active)
    with explained():
        found = [Account.model_validate(user) for user in db.session.scalars(query)]
    show("Users", ("email", "name", "role", "active", "created_at", "id"), found, as_json=as_json)


@users.command("create")
@click.argument("email")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.MEMBER.value, show_default=True)
@json_option
def create(*, email: str, name: str, role: str, as_json: bool) -> None:
    """Make an account. The password is asked for, or read as a line of the standard input where that is no terminal."""
    password = _new_password()
    with explained():
        user = auth.create_account(Register(email=email, password=password, name=name), Role(role))
    done(f"{user.name} <{user.email}> is {role}.", as_json=as_json, id=user.id, email=user.email, role=role)


@users.command("password")
@click.argument("email")
@json_option
def give_password(*, email: str, as_json: bool) -> None:
    """Give the user who registered with EMAIL another password, read as by create; it ends all their logins."""
    password = _new_password()
    with explained():
        user = service.registered(stored_email(email))
        ended = auth.set_password(user, NewPassword(password=password))
    text = f"{user.name} <{user.email}> has another password; {ended} logins ended."
    done(text, as_json=as_json, id=user.id, email=user.email, ended=ended)


def _new_password() -> str:
    """Never an argument: those can be read in the list of processes."""
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


@users.command("promote")
@click.argument("email")
@json_option
def promote(*, email: str, as_json: bool) -> None:
    """Make the user who registered with EMAIL an admin."""
    _give_role(email, Role.ADMIN, as_json=as_json)


@users.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@json_option
def give_role(*, email: str, role: str, as_json: bool) -> None:
    """Give the user who registered with EMAIL a role; their sockets leave the rooms that went with another."""
    _give_role(email, Role(role), as_json=as_json)


def _give_role(email: str, role: Role, *, as_json: bool) -> None:
    with explained():
        user = service.give_role(stored_email(email), role)
    text = f"{user.name} <{user.email}> is {'an' if role == Role.ADMIN else 'a'} {role}."
    done(text, as_json=as_json, id=user.id, email=user.email, role=role)


@users.command("deactivate")
@click.argument("email")
@json_option
def deactivate(*, email: str, as_json: bool) -> None:
    """End all logins of the user who registered with EMAIL, and let them begin none."""
    _activate(email, active=False, as_json=as_json)


@users.command("activate")
@click.argument("email")
@json_option
def activate(*, email: str, as_json: bool) -> None:
    """Let the user who registered with EMAIL log in again."""
    _activate(email, active=True, as_json=as_json)


def _activate(email: str, *, active: bool, as_json: bool) -> None:
    with explained():
        user = service.activate(stored_email(email), active=active)
    text = f"{user.name} <{user.email}> {'may log in' if active else 'is logged out, and may not log in'}."
    done(text, as_json=as_json, id=user.id, email=user.email, active=active)
