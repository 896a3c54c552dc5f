"""``flask rooms``, ``flask connections``: who is connected to which process, and hears what."""

import click
from flask.cli import with_appcontext

from app.auth.schemas import stored_email
from app.cli.errors import explained
from app.cli.options import MOST, json_option
from app.cli.output import show
from app.core.schema import Schema
from app.extensions import db, socketio
from app.monitoring import queries
from app.people.models import User
from app.people.service import registered


class Connected(Schema):
    """One socket."""

    user: str
    user_id: str
    device: str
    namespace: str
    process: str
    away: bool
    rooms: list[str]


@click.command("rooms")
@click.option("--limit", default=50, type=click.IntRange(1, MOST), show_default=True, help="The largest so many.")
@json_option
@with_appcontext
def rooms(*, limit: int, as_json: bool) -> None:
    """List the rooms by how many sockets are in them, over all processes."""
    with explained():
        found = queries.largest_rooms(limit)
    show("Rooms", ("room", "sockets"), found, as_json=as_json)


@click.command("connections")
@click.option("--user", "email", help="Only those of the user with this e-mail address.")
@click.option("--limit", default=200, type=click.IntRange(1, MOST), show_default=True, help="The first so many.")
@json_option
@with_appcontext
def connections(*, email: str | None, limit: int, as_json: bool) -> None:
    """List the sockets, with their process and their rooms."""
    with explained():
        owner = None if email is None else registered(stored_email(email)).id
        sockets = socketio.presence.sockets(owner, limit)
        names = dict(
            db.session.query(User.id, User.name).filter(User.id.in_({socket.owner for socket in sockets})).all()
        )
        found = [
            Connected(
                user=names.get(socket.owner, ""),
                user_id=socket.owner,
                device=socket.device,
                namespace=socket.namespace,
                process=socket.process,
                away=socket.away,
                rooms=[room for room in socket.rooms if not room.startswith("@")],
            )
            for socket in sockets
        ]
    show("Connections", ("user", "namespace", "process", "away", "rooms"), found, as_json=as_json)
