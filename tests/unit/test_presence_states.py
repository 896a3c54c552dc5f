"""How a user's presence follows from their connections and from time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.config import Settings
from app.engine.presence import SILENT
from app.events.presence import PresenceStatus
from app.presence.states import LATE, Observation, State, follow
from app.presence.watch import GATHER, LOOK

START = datetime(2026, 1, 1, tzinfo=UTC)
GRACE = timedelta(seconds=10)
CONNECTED = (PresenceStatus.ONLINE, PresenceStatus.AWAY)


@st.composite
def courses(draw: st.DrawFn, least: float = 0) -> list[Observation]:
    """What is seen of a user, one moment after the other, ``least`` seconds later."""
    at, seen = START, []
    for _ in range(draw(st.integers(1, 20))):
        at += timedelta(seconds=draw(st.floats(least, 15)))
        connected = draw(st.sampled_from([None, *CONNECTED]))
        seen.append(Observation(at, connected, left_at=at))
    return seen


def states(course: list[Observation]) -> list[State]:
    state, found = State(PresenceStatus.OFFLINE, START), []
    for seen in course:
        state = follow(state, seen, GRACE)
        found.append(state)
    return found


@given(courses())
def test_who_is_connected_is_what_the_connections_say(course: list[Observation]) -> None:
    for seen, state in zip(course, states(course), strict=True):
        if seen.connected is not None:
            assert state.status == seen.connected
            assert state.absent_since is None


@given(courses())
def test_nobody_is_offline_before_the_grace_is_over(course: list[Observation]) -> None:
    last_there = None
    for seen, state in zip(course, states(course), strict=True):
        if seen.connected is not None:
            last_there = seen.at
        elif last_there is not None and seen.at - last_there < GRACE:
            assert state.status != PresenceStatus.OFFLINE


@given(courses())
def test_who_stays_away_for_the_grace_is_offline(course: list[Observation]) -> None:
    after = Observation(course[-1].at + GRACE, None, left_at=course[-1].at + GRACE)
    end = follow(states([*course, Observation(course[-1].at, None, course[-1].at)])[-1], after, GRACE)
    assert (end.status, end.absent_since) == (PresenceStatus.OFFLINE, None)


@given(courses(least=-1))  # of two that wait for each other the later one may have begun earlier
def test_last_seen_never_goes_back(course: list[Observation]) -> None:
    times = [state.last_seen_at for state in states(course)]
    assert times == sorted(times)


@given(courses())
def test_last_seen_moves_only_with_the_status(course: list[Observation]) -> None:
    before = State(PresenceStatus.OFFLINE, START)
    for state in states(course):
        assert state.status != before.status or state.last_seen_at == before.last_seen_at
        before = state


@given(courses())
def test_seeing_the_same_once_more_changes_nothing(course: list[Observation]) -> None:
    state = states(course)[-1]
    assert follow(state, course[-1], GRACE) == state


def test_who_is_offline_was_seen_last_when_the_last_connection_was_lost() -> None:
    lost, later = START + timedelta(seconds=5), START + timedelta(seconds=30)
    absent = follow(State(PresenceStatus.ONLINE, START), Observation(lost, None, left_at=lost), GRACE)
    assert follow(absent, Observation(later, None, left_at=later), GRACE) == State(PresenceStatus.OFFLINE, lost)


def test_the_grace_of_who_was_lost_with_a_process_began_at_its_last_sign_of_life() -> None:
    found, sign = START + timedelta(seconds=25), START + timedelta(seconds=4)
    assert follow(State(PresenceStatus.AWAY, START), Observation(found, None, left_at=sign), GRACE) == State(
        PresenceStatus.OFFLINE, sign
    )


@given(courses(), st.floats(20, 10_000))
def test_a_clock_that_is_set_back_keeps_nobody_online(course: list[Observation], seconds: float) -> None:
    back = course[-1].at - timedelta(seconds=seconds)
    state = states(course)[-1]
    for at in (back, back + GRACE):
        before, state = state, follow(state, Observation(at, None, left_at=at), GRACE)
    assert state.status == PresenceStatus.OFFLINE
    assert before.status == PresenceStatus.OFFLINE or state.last_seen_at <= back + GRACE + LATE


def test_without_a_grace_who_leaves_is_offline_at_once() -> None:
    left = Observation(START, None, left_at=START)
    assert follow(State(PresenceStatus.ONLINE, START), left, timedelta()).status == PresenceStatus.OFFLINE


def test_by_default_the_users_of_a_crashed_process_are_offline_within_a_minute() -> None:
    grace = Settings().presence_grace_seconds
    beside_others = max(SILENT.total_seconds(), grace) + LOOK + GATHER
    started_again = max(SILENT.total_seconds(), grace + LOOK) + grace + LOOK + GATHER
    assert max(beside_others, started_again) < 60 - 10  # seconds for a busy machine
