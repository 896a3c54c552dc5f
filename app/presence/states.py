"""How a user's presence follows from their connections and from time. Nothing here touches the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.events.presence import PresenceStatus

LATE = timedelta(seconds=10)  # of two that wait for each other the later one may have begun earlier, by less than this


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
    """What is seen of a user at a moment. The clock may have been set back since the last one.

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
        since = state.last_seen_at if seen.connected == state.status else _changed(state, seen.at, seen)
        return State(seen.connected, since)
    if state.status == PresenceStatus.OFFLINE:
        return state
    absent_since = min(state.absent_since or seen.left_at, seen.at)
    if absent_since + grace <= seen.at:
        return State(PresenceStatus.OFFLINE, _changed(state, absent_since, seen))
    return State(state.status, state.last_seen_at, absent_since)


def _changed(state: State, at: datetime, seen: Observation) -> datetime:
    """When the status changed: not before it last did, unless the clock was set back since then."""
    return at if state.last_seen_at > seen.at + LATE else max(at, state.last_seen_at)
