"""From connect to disconnect: a socket is its user's, for as long as its token is valid."""

import logging
from collections.abc import Callable, Collection
from typing import Any

from flask import request
from socketio.exceptions import ConnectionRefusedError

from app.auth.failures import counting_failures
from app.auth.tokens import Identity, claims_of, identify
from app.chat import typists
from app.chat.queries import conversation_ids
from app.config import current_settings
from app.core.cause import caused
from app.core.clock import now
from app.core.errors import AppError, RateLimited, TokenExpired, Unauthenticated
from app.engine import Owner
from app.events.base import NAMESPACES, Channel
from app.events.connection import ErrorEvent
from app.events.rooms import RoomKind, parse_room, sockets_of_login, sockets_of_user
from app.extensions import socketio
from app.people.queries import user
from app.realtime import connections
from app.realtime.allowance import allowance_of
from app.realtime.connections import Connection
from app.realtime.rights import may_hear, rights_epoch

logger = logging.getLogger(__name__)

TRY_AGAIN = 10.0  # seconds after which one that has too many connections may have fewer


def register_lifecycle() -> None:
    """Let clients connect to every namespace."""
    for namespace in NAMESPACES:
        socketio.on("connect", namespace=namespace)(connect)


def owner_of(auth: Any) -> Owner:
    """Whose a client is that wants to connect: only they may go on with its session. A login is a device.

    Raises:
        ConnectionRefusedError: with the message and ``{code, details}``, as ``connect_error`` shows them.
    """
    try:
        with caused(), counting_failures("socket"):
            if not isinstance(auth, dict):
                raise Unauthenticated("Connect with auth: {token}.")
            claims = claims_of(auth.get("token"))
        return Owner(str(claims["sub"]), str(claims.get("login")))
    except AppError as error:
        raise _refusal(error) from error


def connect(auth: Any) -> None:
    """Let a socket in that brings a valid access token, and into the rooms that its namespace stands for.

    Raises:
        ConnectionRefusedError: as :func:`owner_of`.
    """
    try:
        with caused(), counting_failures("socket"):
            admit(request.sid, request.namespace, lambda: identify(auth["token"]))  # type: ignore[attr-defined]
    except AppError as error:
        raise _refusal(error) from error


def admit(sid: str, namespace: str, identify: Callable[[], Identity]) -> None:
    """Let a socket into the rooms of its user and its login, and those that its namespace stands for.

    Args:
        identify: whose it is; raises an :class:`AppError` when it may not connect.
    """
    identity, own_rooms = rights_epoch.settled(lambda: _ask(identify, namespace))
    connection = _remember(sid, namespace, identity)
    for room in (sockets_of_user(identity.user.id), sockets_of_login(identity.login.id)):
        socketio.server.enter_room(sid, room, namespace=namespace)
    for room in own_rooms:
        socketio.recovery.enter(sid, namespace, room)
    logger.info("socket connected", extra={**connection.names, "login_id": identity.login.id})


def joined_rooms(connection: Connection) -> set[str]:
    """The rooms that a socket is in beside those that its namespace stands for: these count against the limit."""
    names = socketio.server.rooms(connection.sid, connection.namespace)
    parsed = {name: parse_room(name) for name in names}
    return {name for name, room in parsed.items() if room and not _is_own(connection, *room)}


def still_allowed(user_id: str, rooms: Collection[str]) -> set[str]:
    """Those of ``rooms`` that a client may hear who comes back to them."""
    listener = user(user_id)
    parsed = {name: parse_room(name) for name in rooms}
    return {name for name, room in parsed.items() if listener and room and may_hear(listener, *room)}


def forget(sid: str, reason: str) -> None:
    """The socket is gone, or was never accepted."""
    connection = connections.remove(sid)
    if connection is None:
        return
    if connection.expiry is not None:
        connection.expiry.cancel()
    typists.socket_gone(sid)
    logger.info("socket gone", extra={**connection.names, "reason": reason})


def arm_expiry(connection: Connection) -> None:
    """Disconnect the socket when its token expires; what was armed before no longer counts."""
    if connection.expiry is not None:
        connection.expiry.cancel()
    seconds = max(0.0, (connection.expires_at - now()).total_seconds())
    expired = TokenExpired("The token has expired; connect again with a new one.")
    connection.expiry = socketio.call_later(seconds, lambda: end(connection.sid, connection.namespace, expired))


def end(sid: str, namespace: str, why: AppError) -> None:
    """Tell a socket why, as the event ``error``, and disconnect it; one that is still connecting is refused."""
    logger.info("socket ended", extra={"sid": sid, "namespace": namespace, "code": why.code, "reason": why.message})
    if socketio.recovery.refuse(sid, _refusal(why)):
        return
    told = ErrorEvent(**why.body).model_dump(mode="json", by_alias=True, exclude_none=True)
    socketio.send_to(sid, namespace, ErrorEvent.name, told)
    socketio.server.disconnect(sid, namespace=namespace, ignore_queue=True)


def end_all(transport: str, user_id: str, why: AppError) -> None:
    """End a client in every namespace."""
    for connection in [one for one in connections.of_user(user_id) if one.transport == transport]:
        end(connection.sid, connection.namespace, why)


def _ask(identify: Callable[[], Identity], namespace: str) -> tuple[Identity, list[str]]:
    identity = identify()
    return identity, _own_rooms(namespace, identity.user.id)


def _remember(sid: str, namespace: str, identity: Identity) -> Connection:
    forget(sid, "it is back over another connection")
    transport, user_id = socketio.hub.connection_of(sid, namespace), identity.user.id
    _check_most(user_id, transport)
    commands = allowance_of(transport, user_id, current_settings())
    connection = Connection(sid, namespace, transport, user_id, identity.login.id, identity.expires_at, commands)
    connections.add(connection)
    arm_expiry(connection)
    return connection


def _check_most(user_id: str, transport: str) -> None:
    """Raise :class:`RateLimited` when ``transport`` would be one connection more than a user may have."""
    others = {connection.transport for connection in connections.of_user(user_id)} - {transport}
    most = current_settings().connections_per_user
    if len(others) >= most:
        raise RateLimited(f"You have {most} connections; close one of them first.", retry_after=TRY_AGAIN)


def _own_rooms(namespace: str, user_id: str) -> list[str]:
    """The rooms that a namespace stands for: one's own of its channel; of chat every conversation one takes part in."""
    if namespace == "/":
        return []
    if namespace == Channel.CHAT.namespace:
        return [RoomKind.CHAT.room(id) for id in conversation_ids(user_id)]
    return [RoomKind(namespace.rpartition("/")[2]).room(user_id)]


def _is_own(connection: Connection, kind: RoomKind, id: str) -> bool:
    """Whether the namespace of a socket stands for one of the rooms that it may hear."""
    return connection.namespace == f"/ws/{kind}" and (kind == RoomKind.CHAT or id == connection.user_id)


def _refusal(error: AppError) -> ConnectionRefusedError:
    return ConnectionRefusedError(error.message, {"code": error.code, "details": error.details})
