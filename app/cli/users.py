"""``flask users …``: what who runs the server does to accounts."""

import click
from flask.cli import AppGroup

from app.auth.schemas import stored_email
from app.cli.errors import explained
from app.people import service

users = AppGroup("users", help="Manage accounts.")


@users.command("promote")
@click.argument("email")
def promote(email: str) -> None:
    """Make the user who registered with EMAIL an admin."""
    with explained():
        user = service.promote(stored_email(email))
    click.echo(f"{user.name} <{user.email}> is an admin.")
