"""What this process does with control messages."""

from collections.abc import Iterator

from flask import Flask

from app.chat import typists
from app.core.errors import AppError
from app.engine import Envelope
from app.events.connection import LeaveReason, RoomLeft
from app.events.controls import CheckRights, EndConnections, EnterRoom
from app.events.rooms import parse_room
from app.extensions import socketio
from app.people.queries import user
from app.realtime.connections import Connection, find
from app.realtime.lifecycle import end
from app.realtime.rights import may_hear, rights_epoch


def register_controls(app: Flask) -> None:
    """Bind the handlers of control messages; they read rights from the database of ``app``."""
    typists.register()

    @socketio.control(CheckRights.name, barrier=CheckRights.barrier)
    def check_rights(envelope: Envelope) -> None:
        rights_epoch.move()
        message = CheckRights.model_validate_json(envelope.payload)
        with app.app_context():
            for connection in list(_addressed(envelope)):
                _leave_lost_rooms(connection, message.reason)
            typists.check_participants(message.user_ids)

    @socketio.control(EnterRoom.name, barrier=EnterRoom.barrier)
    def enter_room(envelope: Envelope) -> None:
        rights_epoch.move()
        message = EnterRoom.model_validate_json(envelope.payload)
        for connection in _addressed(envelope):
            if connection.namespace == message.namespace:
                socketio.recovery.enter_soon(connection.sid, message.namespace, message.room)

    @socketio.control(EndConnections.name, barrier=EndConnections.barrier)
    def end_connections(envelope: Envelope) -> None:
        rights_epoch.move()
        message = EndConnections.model_validate_json(envelope.payload)
        why = AppError(message.message)
        why.code = message.code
        for connection in list(_addressed(envelope)):
            end(connection.sid, connection.namespace, why)


def _addressed(envelope: Envelope) -> Iterator[Connection]:
    for _, sid in list(socketio.hub.sockets_in(envelope.rooms)):
        connection = find(sid)
        if connection is not None:
            yield connection


def _leave_lost_rooms(connection: Connection, reason: LeaveReason) -> None:
    sid, namespace = connection.sid, connection.namespace
    for name in socketio.server.rooms(sid, namespace):
        room = parse_room(name)
        if room is None:
            continue
        owner = user(connection.user_id)
        if owner is None or not may_hear(owner, *room):
            socketio.recovery.leave(sid, namespace, name)
            told = RoomLeft(room=name, reason=reason).model_dump(mode="json", by_alias=True)
            socketio.send_to(sid, namespace, RoomLeft.name, told)
