"""How a command is handled: rate, arguments, handler, acknowledgement. A handler is declared with ``@command``."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from pydantic import ValidationError

from app.core import metrics
from app.core.bounded_log import BoundedLog
from app.core.cause import caused, current_cause
from app.core.database import is_away
from app.core.errors import AppError, NotFound, TokenRevoked, Unavailable, ValidationFailed
from app.engine import SocketGone
from app.events.base import NAMESPACES, Ack, Command
from app.events.commands import JoinRoom
from app.events.connection import ErrorEvent
from app.events.registry import COMMANDS
from app.extensions import socketio
from app.people.models import User
from app.people.queries import user
from app.realtime.allowance import Flooding
from app.realtime.connections import Connection, current_connection
from app.realtime.lifecycle import end_all

logger = logging.getLogger(__name__)
refusals = BoundedLog(logger)

C = TypeVar("C", bound=Command)
Handler = Callable[[User, C], Ack]

UNKNOWN = "unknown"
"""Stands for what a client calls a command and is none: such names may be any."""

handlers: dict[type[Command], Handler[Any]] = {}


def command(*kinds: type[C]) -> Callable[[Handler[C]], Handler[C]]:
    """Handle commands of ``kinds``, in every namespace, with the decorated function.

    It gets the user who sent the command, and the command; it returns the acknowledgement, or raises an
    :class:`~app.core.errors.AppError`, which the client gets as ``{ok: false, error}``, or as the event ``error`` when
    it asked for no acknowledgement.
    """

    def register(handler: Handler[C]) -> Handler[C]:
        handlers.update(dict.fromkeys(kinds, handler))
        return handler

    return register


def register_commands() -> None:
    """Bind every declared handler to the server; a name that nobody declared is answered with ``not_found``."""
    for namespace in NAMESPACES:
        for kind, handler in handlers.items():
            socketio.on(kind.name, namespace=namespace)(partial(_answer, kind.name, partial(_obey, kind, handler)))
        socketio.on("*", namespace=namespace)(_unknown)


def _unknown(name: str, *arguments: Any) -> dict[str, Any] | None:
    return _answer(name, _refuse_unknown, *arguments)


def _refuse_unknown(*_: Any) -> Ack:
    raise NotFound("There is no such command.")


def _obey(kind: type[C], handler: Handler[C], *arguments: Any) -> Ack:
    try:
        parsed = kind.from_arguments(arguments)
    except ValidationError as error:
        raise ValidationFailed.from_pydantic(error, "payload") from error
    except ValueError as error:
        raise ValidationFailed("The command is not valid.", {"arguments": str(error)}) from error
    sender = user(current_connection().user_id)
    if sender is None or not sender.active:
        raise TokenRevoked("Your account was deactivated.")
    return handler(sender, parsed)


def _answer(name: str, obey: Callable[..., Ack], *arguments: Any) -> dict[str, Any] | None:
    with caused():
        return _answer_for(name, obey, *arguments)


def _answer_for(name: str, obey: Callable[..., Ack], *arguments: Any) -> dict[str, Any] | None:
    try:
        connection = current_connection()
    except SocketGone:  # while the command was on its way
        return None
    try:
        connection.commands.take()
        ack = obey(*arguments).model_dump(mode="json", by_alias=True, exclude_none=True)
    except SocketGone:
        return None
    except AppError as error:
        return _refuse(connection, name, error)
    except Exception as error:
        if is_away(error):
            logger.exception("%s could not reach the database", name)
            return _refuse(connection, name, Unavailable("The database can't be reached now; try again."))
        logger.exception("%s failed", name)
        reference = {"requestId": current_cause()}
        return _refuse(connection, name, AppError("Something went wrong on our side.", reference))
    logger.debug("%s obeyed", name, extra={**connection.names, "ack": str(ack)})
    metrics.COMMANDS.labels(name if name in COMMANDS else UNKNOWN, "ok").inc()
    return ack


def _count_refusal(name: str, code: str) -> None:
    kind = COMMANDS.get(name)
    metrics.COMMANDS.labels(name if kind else UNKNOWN, code).inc()
    if kind is not None and issubclass(kind, JoinRoom):
        metrics.JOINS_REFUSED.labels(kind.kind, code).inc()


def _refuse(connection: Connection, name: str, error: AppError) -> dict[str, Any] | None:
    known = name if name in COMMANDS else UNKNOWN
    refusals((known, error.code), f"{known} refused", **connection.names, code=error.code, reason=error.message)
    _count_refusal(name, error.code)
    if isinstance(error, Flooding):
        end_all(connection.transport, connection.user_id, error)
        return None
    socketio.sleep(0)  # a client that floods gets no more turns than the others
    if socketio.ack_wanted:
        return {"ok": False, "error": error.body}
    told = ErrorEvent(**error.body, event=name)
    socketio.send_to(connection.sid, connection.namespace, told.name, told.model_dump(mode="json", by_alias=True))
    return None
