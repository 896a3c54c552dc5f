"""This process's connected sockets: whose they are and until when."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import request

from app.engine import SocketGone
from app.engine.throttle import Timer
from app.realtime.allowance import Allowance


@dataclass
class Connection:
    """One socket in one namespace.

    Attributes:
        sid: its id, unique over all namespaces.
        transport: what it shares with the sockets of the same client in other namespaces.
        expires_at: when its token does, and with it the connection.
        commands: how many it may send.
    """

    sid: str
    namespace: str
    transport: str
    user_id: str
    login_id: str
    expires_at: datetime
    commands: Allowance
    expiry: Timer | None = None

    @property
    def names(self) -> dict[str, str]:
        """What it is called in the log."""
        return {"user_id": self.user_id, "sid": self.sid, "namespace": self.namespace}


_connections: dict[str, Connection] = {}
_of_users: defaultdict[str, dict[str, Connection]] = defaultdict(dict)


def add(connection: Connection) -> None:
    """Remember a socket that was let in."""
    _connections[connection.sid] = connection
    _of_users[connection.user_id][connection.sid] = connection


def remove(sid: str) -> Connection | None:
    """Forget a socket; None when there is none."""
    connection = _connections.pop(sid, None)
    if connection is not None:
        of_user = _of_users[connection.user_id]
        del of_user[sid]
        if not of_user:
            del _of_users[connection.user_id]
    return connection


def find(sid: str) -> Connection | None:
    """The connected socket of this process that has the id."""
    return _connections.get(sid)


def of_user(user_id: str) -> Iterable[Connection]:
    """The sockets of a user."""
    return _of_users.get(user_id, {}).values()


def current_connection() -> Connection:
    """The connection whose command is being handled; raises :class:`SocketGone` once it is closed."""
    connection = find(request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO adds sid
    if connection is None:
        raise SocketGone
    return connection
