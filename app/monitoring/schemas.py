"""What the health routes answer."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.clock import Timestamp
from app.core.schema import Digits, Schema
from app.events.monitoring import AlertFacts
from app.events.presence import PresenceStatus

Status = Literal["ok", "degraded", "down"]


class Live(Schema):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Part(Schema):
    """One part that the server needs; ``latency_ms``: how long its answer took, None without one.

    ``degraded``: it does not answer, and the server manages without it, only slower; or it is the database, and can be
    read but not written to.
    """

    status: Status
    latency_ms: float | None


class Ready(Schema):
    """Whether requests can be served, and which part is down if not.

    ``draining``: the process was told to stop; it serves, and its clients go elsewhere.
    """

    status: Status | Literal["draining"]
    parts: dict[str, Part]


class ChannelHealth(Schema):
    """A loopback delivery through each channel."""

    status: Status
    channels: dict[str, Part]


class Sample(Schema):
    """One process in the ``seconds`` before ``at``.

    ``latency_p50``, ``latency_p99``: milliseconds from the storing of a durable event to its being written to
    sockets, of those that conflation never holds; null when none was. ``hub_lag``: milliseconds that the event loop
    was late, p99. ``backlog``, ``backlog_age``: events without a number, of all processes, and the seconds that the
    first of them has waited. ``memory``: megabytes that the process holds (RSS). ``slow_consumers``: clients that
    were dropped because they read too slowly. ``disconnects``: sockets that went, by reason. ``auth_failures``:
    logins and tokens that were refused.
    """

    process: str
    at: Timestamp
    seconds: float
    connections: int
    rooms: int
    deliveries_per_second: float
    events_per_second: float
    latency_p50: float | None
    latency_p99: float | None
    hub_lag: float
    backlog: int
    backlog_age: float
    memory: float
    slow_consumers: int
    disconnects: dict[str, int]
    auth_failures: int


class SamplesQuery(Schema):
    """Which samples: those after ``after``; without it all that are kept, which is an hour."""

    after: Timestamp | None = None


class Samples(Schema):
    """What the processes looked like, oldest first."""

    items: list[Sample]


class RoomsQuery(Schema):
    """How many rooms, the largest first."""

    limit: Annotated[int, Field(ge=1, le=500), Digits] = 50


class RoomSize(Schema):
    """A room, and how many sockets are in it, over all processes."""

    room: str
    sockets: int


class RoomSizes(Schema):
    """Rooms, the largest first."""

    items: list[RoomSize]


class PersonSeen(Schema):
    """A user who was ever connected; ``devices``: how many logins are connected now."""

    user_id: str
    name: str
    status: PresenceStatus
    last_seen_at: Timestamp
    devices: int


class PeopleSeen(Schema):
    """Users by when they were last active: those who are online first."""

    items: list[PersonSeen]


class AlertView(AlertFacts):
    """Something that is, or was, wrong with a process."""

    process: str


class AlertViews(Schema):
    """The newest alerts: those that are not resolved first."""

    items: list[AlertView]


class Passage(Schema):
    """An event as it passed one process; ``latency``: milliseconds from its storing to its being written there."""

    process: str
    sockets: int
    written_at: Timestamp
    latency: float


class Way(Schema):
    """The way of one durable event.

    ``cause``: the id of the request or the command that it was published by; empty where there was none.
    ``published_at``: when it was stored, by the clock of the database; its transaction committed right after.
    ``numbered_at``: when it got its number; null: who answered had read it from the table. ``processes``: those through
    which it passed, and that remember it.
    """

    seq: int
    event: str
    cause: str
    published_at: Timestamp
    numbered_at: Timestamp | None
    processes: list[Passage]
