"""The commands about the connection itself: ``join-…``, ``leave-…``, ``refresh-auth``."""

from app.auth.tokens import identify
from app.chat import typists
from app.config import current_settings
from app.core.errors import Forbidden, RateLimited
from app.engine import Owner, RoomGone
from app.engine.offsets import Offset
from app.events import commands
from app.events.commands import Joined, JoinRoom, LeaveRoom, Left, RefreshAuth, Refreshed
from app.events.rooms import sockets_of_login
from app.extensions import db, socketio
from app.people.models import User
from app.realtime.command import command
from app.realtime.connections import current_connection
from app.realtime.lifecycle import arm_expiry, joined_rooms
from app.realtime.rights import may_hear, rights_epoch

REFUSAL = "You may not join this room."


@command(
    commands.JoinUser,
    commands.JoinTeam,
    commands.JoinDepartment,
    commands.JoinNotifications,
    commands.JoinChat,
    commands.JoinTasks,
    commands.JoinAnalytics,
)
def join(user: User, command: JoinRoom) -> Joined:
    """Enter a room that one may hear. Joining twice is joining once.

    Raises:
        Forbidden: no right to it; a room of something that doesn't exist reads the same.
        RateLimited: the socket has joined as many rooms as it may.
    """
    asked = command.options.since
    since = None if asked is None else _look_back(asked)
    if not rights_epoch.settled(lambda: may_hear(user, command.kind, command.id)):
        raise Forbidden(REFUSAL)
    connection, most = current_connection(), current_settings().rooms_per_socket
    joined = joined_rooms(connection)
    if command.room not in joined and len(joined) >= most:
        raise RateLimited(f"A socket may join {most} rooms; leave one first.", {"rooms": most})
    if command.room not in socketio.server.rooms(connection.sid, connection.namespace):
        typists.tell_who_types(connection, [command.room])
    try:
        caught_up = socketio.recovery.enter(connection.sid, connection.namespace, command.room, since)
    except RoomGone as gone:
        raise Forbidden(REFUSAL) from gone
    gap = not caught_up or (asked is not None and since is None)
    return Joined(room=command.room, offset=socketio.hub.offset, gap=gap or None)


def _look_back(since: str) -> Offset | None:
    db.session.rollback()  # its connection is the next one's turn: looking back takes one
    return socketio.recovery.look_back(since)


@command(
    commands.LeaveUser,
    commands.LeaveTeam,
    commands.LeaveDepartment,
    commands.LeaveNotifications,
    commands.LeaveChat,
    commands.LeaveTasks,
    commands.LeaveAnalytics,
)
def leave(_: User, command: LeaveRoom) -> Left:
    """Leave a room; one that the socket is not in is left already."""
    connection = current_connection()
    socketio.recovery.leave(connection.sid, connection.namespace, command.room)
    return Left(room=command.room)


@command(RefreshAuth)
def refresh_auth(user: User, command: RefreshAuth) -> Refreshed:
    """Keep the connection until the new token expires.

    Raises:
        Unauthenticated, TokenExpired, TokenRevoked: the token is not valid.
        Forbidden: it is another user's.
    """
    user_id = user.id
    identity = rights_epoch.settled(lambda: identify(command.token))
    if identity.user.id != user_id:
        raise Forbidden("The token is another user's.")
    connection = current_connection()
    server, old = socketio.server, connection.login_id
    server.leave_room(connection.sid, sockets_of_login(old), namespace=connection.namespace)
    server.enter_room(connection.sid, sockets_of_login(identity.login.id), namespace=connection.namespace)
    connection.login_id, connection.expires_at = identity.login.id, identity.expires_at
    socketio.recovery.hand_over(connection.sid, Owner(user_id, identity.login.id))
    arm_expiry(connection)
    return Refreshed(expires_at=identity.expires_at)
