"""``flask emit``: publishes an event of the catalogue."""

import click
from flask.cli import with_appcontext
from pydantic import ValidationError

from app.cli.errors import explained
from app.cli.options import json_option
from app.cli.output import done
from app.config import current_settings
from app.core import json
from app.core.cause import current_cause
from app.core.transaction import transaction
from app.events.audit import AuditAction, Audited
from app.events.connection import ToOneSocket
from app.events.registry import EVENTS
from app.extensions import db, socketio


@click.command("emit")
@click.argument("event")
@click.argument("data")
@json_option
@with_appcontext
def emit(*, event: str, data: str, as_json: bool) -> None:
    """Publish EVENT with DATA, a JSON object of the fields of its class: those that decide who hears it, too.

    A durable event is stored, and delivered by the running servers within a second. One that is not stored reaches
    them by way of Redis alone. Nothing but the event happens: no row of a task or a notification changes.
    """
    kind = EVENTS.get(event)
    if kind is None or issubclass(kind, ToOneSocket):
        raise click.UsageError(f"{event} can't be published; there are {', '.join(sorted(publishable()))}.")
    try:
        json.loads(data)  # refuses what no client could be told
        published = kind.model_validate_json(data)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc'])) or 'DATA'}: {e['msg']}" for e in error.errors()]
        raise click.ClickException("\n".join([f"{event} can't be made of that:", *wrong])) from error
    except ValueError as error:
        raise click.ClickException(f"DATA can't be sent as JSON: {error}") from error
    with explained():
        if not (kind.durable or current_settings().redis_url):
            raise click.ClickException(f"{event} is not stored; without Redis it reaches no other process.")
        rooms = list(published.rooms())
        with transaction() as tx:
            details = {"event": event, "rooms": ", ".join(rooms)}
            tx.publish(Audited(action=AuditAction.EVENT_EMITTED, actor_id=None, target=None, details=details))
            if kind.durable:  # not tx.publish: what other features make of such an event did not happen
                socketio.outbox.add(db.session.connection(), published.envelope(), current_cause())
        if kind.durable:
            socketio.outbox.wake()
        else:
            socketio.publish(published.envelope())
    done(f"{event} to {', '.join(rooms)}", as_json=as_json, event=event, rooms=rooms, durable=kind.durable)


def publishable() -> set[str]:
    """The events that may be published to rooms."""
    return {name for name, kind in EVENTS.items() if not issubclass(kind, ToOneSocket)}
