"""The command of presence: ``presence-set``."""

from app.events.base import Ack
from app.events.commands import PresenceSet
from app.extensions import socketio
from app.people.models import User
from app.realtime.command import command
from app.realtime.connections import current_connection


@command(PresenceSet)
def presence_set(user: User, command: PresenceSet) -> Ack:
    """Say whether the user is at this connection, in all its namespaces, or away from it."""
    here = current_connection()
    connection = socketio.hub.connection_of(here.sid, here.namespace)
    socketio.sessions.set_away(connection, user.id, away=command.status == "away")
    return Ack()
