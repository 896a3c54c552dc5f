"""What is asked about presence, and answered."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.core.clock import Timestamp
from app.core.schema import Id, Schema, Separated
from app.events.presence import PresenceStatus

MOST_USERS = 100  # that one request may ask about


def _once_each(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


UserIds = Annotated[
    list[Annotated[Id, Field(pattern=r"^[A-Za-z0-9_-]*$")]],
    Separated,
    Field(min_length=1, max_length=MOST_USERS),
    AfterValidator(_once_each),
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
