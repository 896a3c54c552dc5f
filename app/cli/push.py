"""``flask push …``: the keys of Web Push."""

import click
from flask.cli import AppGroup

from app.push.vapid import CONTACT_IN_DEVELOPMENT, Vapid, new_private_key

push = AppGroup("push", help="Set up Web Push.")


@push.command("keys")
def keys() -> None:
    """Make a pair of VAPID keys, and print the settings to set.

    Subscriptions belong to their key: with another one browsers have to subscribe again, which the dashboard does.
    """
    private_key = new_private_key()
    click.echo(f"VAPID_PRIVATE_KEY={private_key}")
    click.echo("VAPID_CONTACT=mailto:you@example.com")
    click.echo(f"The public key, which clients get from /api/push/public-key: {_public(private_key)}", err=True)


def _public(private_key: str) -> str:
    return Vapid(private_key, CONTACT_IN_DEVELOPMENT).public_key
