"""What is asked about presence, and answered."""

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from app.core.clock import Timestamp
from app.core.schema import Id, Schema
from app.events.presence import PresenceStatus

MOST_USERS = 100  # that one request may ask about


def _split(value: object) -> object:
    return tuple(dict.fromkeys(value.split(","))) if isinstance(value, str) else value


UserIds = Annotated[
    tuple[Id, ...],
    Field(min_length=1, max_length=MOST_USERS),
    BeforeValidator(_split),
    WithJsonSchema({"type": "string", "description": f"Ids of users, comma separated, {MOST_USERS} at the most."}),
]


class PresenceQuery(Schema):
    """Whose presence."""

    user_ids: UserIds


class PresenceView(Schema):
    """The presence of a user; ``lastSeenAt`` is null for who was never connected."""

    user_id: str
    status: PresenceStatus
    last_seen_at: Timestamp | None


class Presences(Schema):
    """Those of the users asked for whose presence one may see, in the order of asking."""

    items: list[PresenceView]
