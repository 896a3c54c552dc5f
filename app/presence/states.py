"""How a user's presence follows from their connections and from time. Nothing here touches the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.events.presence import PresenceStatus


@dataclass(frozen=True)
class State:
    """What is known of a user.

    Attributes:
        status: as others see it.
        last_seen_at: when the status became what it is; of who is offline, when the last connection was lost.
        absent_since: when the last connection was lost, while others need not know yet.
    """

    status: PresenceStatus
    last_seen_at: datetime
    absent_since: datetime | None = None


@dataclass(frozen=True)
class Observation:
    """What is seen of a user at a moment.

    Attributes:
        at: the moment.
        connected: what their connections say; None without any.
        left_at: without any, when the last one was lost, as far as is known.
    """

    at: datetime
    connected: PresenceStatus | None
    left_at: datetime


def follow(state: State, seen: Observation, grace: timedelta) -> State:
    """The state that comes after ``state``: who has no connection is offline once that has lasted for ``grace``."""
    if seen.connected is not None:
        since = state.last_seen_at if seen.connected == state.status else max(seen.at, state.last_seen_at)
        return State(seen.connected, since)
    if state.status == PresenceStatus.OFFLINE:
        return state
    absent_since = min(state.absent_since or seen.left_at, seen.at)  # a clock that was set back says later than now
    if absent_since + grace <= seen.at:
        return State(PresenceStatus.OFFLINE, min(max(absent_since, state.last_seen_at), seen.at))
    return State(state.status, state.last_seen_at, absent_since)
