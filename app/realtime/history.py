"""Catching up over HTTP: what was published to a room, from an offset on."""

from datetime import UTC
from typing import Annotated, Any

from pydantic import Field

from app.core import json
from app.core.clock import Timestamp
from app.core.errors import NotFound, ValidationFailed
from app.core.schema import Digits, Schema
from app.engine.offsets import Offset
from app.events.rooms import parse_room
from app.extensions import db, socketio
from app.people.models import User
from app.realtime.rights import may_hear


class CatchUpQuery(Schema):
    """Which events: those of ``room``, behind the offset ``after``; without it from the oldest that is kept."""

    room: Annotated[str, Field(max_length=128)]
    after: Annotated[str, Field(max_length=160, description="An offset, as events come with it.")] | None = None
    limit: Annotated[int, Field(ge=1, le=100), Digits] = 50


class PastEvent(Schema):
    """One event, as a socket in the room heard it."""

    event: str
    payload: Any
    offset: str
    room: str
    created_at: Timestamp


class PastEvents(Schema):
    """Events in order; go on with the last one's offset. ``gap``: the history no longer reaches back to ``after``."""

    items: list[PastEvent]
    gap: bool


def past_events(viewer: User, query: CatchUpQuery) -> PastEvents:
    """What ``viewer`` may know of a room's past.

    Raises:
        NotFound: there is no such room, or ``viewer`` may not hear it.
        ValidationFailed: ``after`` is no offset.
    """
    room = parse_room(query.room)
    if room is None or not may_hear(viewer, *room):
        raise NotFound("There is no such room.")
    db.session.close()  # the engine has its own connections; with both kept, many requests at once would wait in vain
    kept = socketio.history.kept()
    after = Offset(kept.floor) if query.after is None else Offset.parse(query.after)
    if after is None:
        raise ValidationFailed("The request is not valid.", {"after": "not an offset that an event came with"})
    if not kept.reaches(after.of(query.room)):
        return PastEvents(items=[], gap=True)
    found = socketio.history.dated_after(query.room, after.of(query.room), query.limit)
    items = [
        PastEvent(
            event=past.event,
            payload=json.loads(past.payload),
            offset=str(past.seq),
            room=query.room,
            created_at=created_at.replace(tzinfo=created_at.tzinfo or UTC),
        )
        for past, created_at in found
    ]
    return PastEvents(items=items, gap=False)
