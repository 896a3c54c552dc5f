"""``flask tokens …``: the logins of a user. Every token belongs to one, and dies with it."""

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app.auth import service as auth
from app.auth.models import Login
from app.auth.schemas import stored_email
from app.auth.tokens import access_token
from app.cli.errors import explained
from app.cli.options import json_option
from app.cli.output import done, show
from app.config import current_settings
from app.core.clock import Timestamp
from app.core.schema import Schema
from app.core.transaction import transaction
from app.events.audit import AuditAction, Audited
from app.extensions import db
from app.people.service import registered

tokens = AppGroup("tokens", help="Issue and revoke tokens.")


class LoginRow(Schema):
    """One login that was not ended."""

    id: str
    created_at: Timestamp
    expires_at: Timestamp


@tokens.command("issue")
@click.argument("email")
@json_option
def issue(*, email: str, as_json: bool) -> None:
    """Begin a login of the user who registered with EMAIL, and print its access token.

    Whoever may run this holds the secret that signs tokens; the login is in the audit trail all the same.
    """
    with explained():
        login = auth.begin_login_for(registered(stored_email(email)))
        token = access_token(login)
    seconds = current_settings().access_lifetime.total_seconds()
    done(token, as_json=as_json, access_token=token, login_id=login.id, expires_in=seconds)


@tokens.command("list")
@click.argument("email")
@json_option
def list_logins(*, email: str, as_json: bool) -> None:
    """List the logins of the user who registered with EMAIL that were not ended."""
    with explained():
        user = registered(stored_email(email))
        mine = select(Login).where(Login.user_id == user.id, Login.lives)
        found = [LoginRow.model_validate(login) for login in db.session.scalars(mine.order_by(Login.id))]
    show(f"Logins of {user.email}", ("id", "created_at", "expires_at"), found, as_json=as_json)


@tokens.command("revoke")
@click.argument("email")
@click.option("--login", "login_id", help="This login alone; unless given, all.")
@json_option
def revoke(*, email: str, login_id: str | None, as_json: bool) -> None:
    """End logins of the user who registered with EMAIL: their tokens are worth nothing, their sockets are closed."""
    with explained(), transaction() as tx:
        user = registered(stored_email(email))
        logins = auth.open_logins(user.id)
        ended = [id for id in logins if login_id in (None, id)]
        if login_id is not None and not ended:
            raise click.ClickException(f"{email} has no login {login_id} that was not ended.")
        details = {"endedLogins": str(len(ended))}
        tx.publish(Audited(action=AuditAction.LOGGED_OUT, actor_id=None, target=("user", user.id), details=details))
        auth.end_logins(tx, ended, "Your login was ended by who runs the server.")
    done(f"{len(ended)} logins ended.", as_json=as_json, ended=ended)
