"""``flask push …``: the keys of Web Push."""

import click
from flask.cli import AppGroup

from app.cli.options import json_option
from app.cli.output import done
from app.push.vapid import CONTACT_IN_DEVELOPMENT, Vapid, new_private_key

push = AppGroup("push", help="Set up Web Push.")


@push.command("keys")
@json_option
def keys(*, as_json: bool) -> None:
    """Make a pair of VAPID keys, and print the settings to set.

    Subscriptions belong to their key: with another one browsers have to subscribe again, which the dashboard does.
    """
    private_key = new_private_key()
    public_key = Vapid(private_key, CONTACT_IN_DEVELOPMENT).public_key
    text = f"VAPID_PRIVATE_KEY={private_key}"
    done(text, as_json=as_json, private_key=private_key, public_key=public_key)
    if not as_json:
        click.echo("VAPID_CONTACT=mailto:you@example.com")
        click.echo(f"The public key, which clients get from /api/push/public-key: {public_key}", err=True)
