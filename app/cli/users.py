"""``flask users …``: what who runs the server does to accounts."""

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from app.auth.schemas import stored_email
from app.core.errors import AppError
from app.people import service

users = AppGroup("users", help="Manage accounts.")


@users.command("promote")
@click.argument("email")
def promote(email: str) -> None:
    """Make the user who registered with EMAIL an admin."""
    try:
        user = service.promote(stored_email(email))
    except AppError as error:
        raise click.ClickException(error.message) from error
    except DBAPIError as error:
        raise click.ClickException(f"The database can't be used; was it migrated?\n{error.orig}") from error
    click.echo(f"{user.name} <{user.email}> is an admin.")
