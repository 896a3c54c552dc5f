"""Ephemeral events with a pace, in a time that the tests make."""

from collections.abc import Callable, Iterator
from itertools import groupby

import eventlet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine import Envelope, Pace
from app.engine.pace import MOST_DELIVERIES
from app.engine.throttle import AT_ONCE, Throttle


class Clock:
    """A time in which nothing happens by itself."""

    def __init__(self) -> None:
        self.now = 100.0
        self._timers: list[Alarm] = []

    def call_later(self, seconds: float, function: Callable[[], None]) -> "Alarm":
        alarm = Alarm(self.now + seconds, function)
        self._timers.append(alarm)
        return alarm

    def go_to(self, time: float) -> None:
        """Let time pass, and happen what is due meanwhile."""
        while due := [alarm for alarm in self._timers if alarm.at <= time and not alarm.is_over]:
            first = min(due, key=lambda alarm: alarm.at)
            self.now, first.is_over = max(self.now, first.at), True
            first.function()
        self.now = time


class Alarm:
    """A timer of that clock."""

    def __init__(self, at: float, function: Callable[[], None]) -> None:
        self.at = at
        self.function = function
        self.is_over = False

    def cancel(self) -> None:
        self.is_over = True


class Stage:
    """A throttle, its clock, and what left: when, and with which payload."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.left: list[tuple[float, str]] = []
        self.envelopes: list[Envelope] = []
        self.sizes: dict[str, int] = {}
        self.throttle = Throttle(self._leave, self.clock.call_later, self._size, lambda: self.clock.now)

    def _size(self, room: str) -> int:
        return self.sizes.get(room, 0)

    def _leave(self, envelope: Envelope) -> None:
        self.left.append((round(self.clock.now - 100, 3), envelope.payload))
        self.envelopes.append(envelope)

    def say(self, payload: str, key: str = "k", rooms: tuple[str, ...] = ("a",), **pace: float) -> None:
        self.throttle.publish(Envelope("typing", payload, rooms, pace=Pace(key, **(pace or {"window": 1.0}))))  # type: ignore[arg-type]


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.clock.go_to(1000)
    assert not stage.throttle._waiting


def test_thousands_that_wait_keep_nobody_from_a_turn(stage: Stage) -> None:
    for number in range(5000):
        stage.say(str(number), key=f"k{number}", rooms=("crowded",), window=0.0, ceiling=50)
    turns: list[int] = []

    def others() -> None:
        while len(turns) < 1000:
            turns.append(len(stage.left))
            eventlet.sleep()

    eventlet.spawn_n(others)
    stage.clock.go_to(101)
    assert len(stage.left) == 100
    assert len(turns) >= 4950 // AT_ONCE
    stage.throttle._waiting.clear()


def test_what_has_no_pace_leaves_at_once(stage: Stage) -> None:
    for _ in range(3):
        stage.throttle.publish(Envelope("hint", "1", ("a",)))
    assert stage.left == [(0, "1")] * 3


def test_the_first_leaves_at_once_and_the_newest_of_its_key_when_the_window_is_over(stage: Stage) -> None:
    for number in range(5):
        stage.clock.go_to(100 + number / 10)
        stage.say(str(number))
    stage.clock.go_to(200)
    assert stage.left == [(0, "0"), (1, "4")]


def test_a_room_hears_as_many_a_second_as_the_ceiling_says(stage: Stage) -> None:
    for number in range(5):
        stage.say(str(number), key=str(number), ceiling=2)
    stage.clock.go_to(200)
    assert stage.left == [(0, "0"), (0, "1"), (1, "2"), (1, "3"), (2, "4")]


def test_a_room_of_thousands_hears_so_few_a_second_that_a_process_can_bear_it(stage: Stage) -> None:
    stage.sizes["a"] = MOST_DELIVERIES // 2
    for number in range(5):
        stage.say(str(number), key=str(number), ceiling=50)
    stage.clock.go_to(200)
    assert stage.left == [(0, "0"), (0, "1"), (1, "2"), (1, "3"), (2, "4")]


def test_a_room_that_grows_hears_fewer_a_second_from_then_on(stage: Stage) -> None:
    for number in range(4):
        stage.say(str(number), key=str(number), ceiling=4)
    stage.sizes["a"] = 2 * MOST_DELIVERIES
    for number in range(4, 7):
        stage.say(str(number), key=str(number), ceiling=4)
    stage.clock.go_to(200)
    assert [at for at, _ in stage.left] == [0, 0, 0, 0, 1, 2, 3]


def test_who_stopped_beyond_the_ceiling_is_heard_to_have_stopped(stage: Stage) -> None:
    for number in range(4):
        stage.say("true", key=str(number), ceiling=2)
    for number in range(4):
        stage.say("false", key=str(number), ceiling=2)
    stage.clock.go_to(200)
    newest = {envelope.pace.key: envelope.payload for envelope in stage.envelopes if envelope.pace}
    assert newest == dict.fromkeys("0123", "false")
    assert len(stage.left) == 6


def test_who_waits_keeps_the_turn_however_often_superseded(stage: Stage) -> None:
    for key in "abc":
        stage.say("old", key=key, ceiling=1)
    for _ in range(10):
        stage.say("new", key="b", ceiling=1)
    stage.clock.go_to(200)
    assert [envelope.pace.key for envelope in stage.envelopes if envelope.pace] == ["a", "b", "c"]


def test_what_comes_due_earlier_does_not_wait_for_what_is_due_later(stage: Stage) -> None:
    stage.say("1", key="slow", window=10.0)
    stage.say("2", key="slow", window=10.0)
    stage.say("3", key="quick", window=0.5)
    stage.say("4", key="quick", window=0.5)
    stage.clock.go_to(200)
    assert stage.left == [(0, "1"), (0, "3"), (0.5, "4"), (10, "2")]


def test_a_newer_one_that_fewer_rooms_hear_lets_the_older_one_leave(stage: Stage) -> None:
    stage.say("1", rooms=("a", "b"))
    stage.say("2", rooms=("a", "b"))
    stage.say("3", rooms=("a",))
    stage.clock.go_to(200)
    assert stage.left == [(0, "1"), (0, "2"), (1, "3")]


def test_what_could_not_leave_holds_nothing_else_up() -> None:
    stage = Stage()
    for number in range(3):
        stage.say(str(number), key=str(number), ceiling=1)
    stage.throttle._publish, working = lambda _: 1 / 0, stage.throttle._publish  # type: ignore[assignment]
    with pytest.raises(ZeroDivisionError):
        stage.clock.go_to(101)
    stage.throttle._publish = working
    stage.clock.go_to(200)
    assert stage.left == [(0, "0"), (2, "2")]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.01, 0.3, 1.1]), st.sampled_from("abcd")), min_size=1, max_size=60),
    st.integers(1, 3),
)
def test_the_newest_of_each_key_is_heard_last_and_the_ceiling_holds(said: list[tuple[float, str]], most: int) -> None:
    stage, newest = Stage(), dict[str, str]()
    for number, (gap, key) in enumerate(said):
        stage.clock.go_to(stage.clock.now + gap)
        newest[key] = str(number)
        stage.say(newest[key], key=key, window=0.1, ceiling=most)
    stage.clock.go_to(1000)
    by_key = sorted(stage.envelopes, key=lambda envelope: envelope.pace.key if envelope.pace else "")
    for key, heard in groupby(by_key, key=lambda envelope: envelope.pace.key if envelope.pace else ""):
        payloads = [int(envelope.payload) for envelope in heard]
        assert payloads == sorted(payloads)
        assert str(payloads[-1]) == newest[key]
    times = [at for at, _ in stage.left]
    assert all(later - at >= 1 - 1e-3 for at, later in zip(times, times[most:], strict=False))
