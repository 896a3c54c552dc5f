"""The commands about the connection itself: ``join-…``, ``leave-…``, ``refresh-auth``."""

from app.auth.tokens import identify
from app.config import current_settings
from app.core.errors import Forbidden, RateLimited
from app.events import commands
from app.events.commands import Joined, JoinRoom, LeaveRoom, Left, RefreshAuth, Refreshed
from app.events.rooms import sockets_of_login
from app.extensions import socketio
from app.people.models import User
from app.realtime.command import command
from app.realtime.connections import current_connection
from app.realtime.lifecycle import arm_expiry
from app.realtime.rights import may_hear, rights_epoch


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
    if not rights_epoch.settled(lambda: may_hear(user, command.kind, command.id)):
        raise Forbidden("You may not join this room.")
    connection, most = current_connection(), current_settings().rooms_per_socket
    if command.room not in connection.joined and len(connection.joined) >= most:
        raise RateLimited(f"A socket may join {most} rooms; leave one first.", {"rooms": most})
    caught_up = socketio.recovery.enter(connection.sid, connection.namespace, command.room, command.options.since)
    connection.joined.add(command.room)
    return Joined(room=command.room, offset=socketio.hub.offset, gap=None if caught_up else True)


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
    connection.joined.discard(command.room)
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
    arm_expiry(connection)
    return Refreshed(expires_at=identity.expires_at)
