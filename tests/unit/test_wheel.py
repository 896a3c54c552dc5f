"""The timing wheel: nobody early, nobody forgotten."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from app.engine.transport.wheel import Wheel


def noted(into: list[float], value: float) -> Callable[[], None]:
    return lambda: into.append(value)


def turn(wheel: Wheel, now: float) -> None:
    for due in wheel.due(now):
        due()


@given(st.lists(st.floats(0, 100), max_size=50), st.lists(st.floats(0, 3), max_size=100))
def test_each_is_called_once_when_it_is_due_and_at_the_most_a_tick_later(
    whens: list[float], steps: list[float]
) -> None:
    called: list[float] = []
    wheel, now = Wheel(0.5, 0.0), 0.0
    for when in whens:
        wheel.add(when, noted(called, when))
    for step in steps:
        now += step
        turn(wheel, now)
        assert all(when < now for when in called)
        assert all(when in called for when in whens if when + 0.5 <= now)
    turn(wheel, 200)
    assert sorted(called) == sorted(whens)
    assert len(wheel) == 0


def test_what_was_called_off_is_not_called() -> None:
    called: list[float] = []
    wheel = Wheel(1.0, 0.0)
    stays, goes = noted(called, 1), noted(called, 2)
    wheel.add(1, stays)
    wheel.discard(wheel.add(1, goes), goes)
    turn(wheel, 10)
    assert called == [1]


def test_who_is_called_may_call_off_another_and_come_again() -> None:
    called: list[float] = []
    wheel = Wheel(1.0, 0.0)
    other = noted(called, 2)

    def first() -> None:
        called.append(1)
        wheel.discard(slot, other)
        wheel.add(5, noted(called, 3))

    wheel.add(1, first)
    slot = wheel.add(1, other)
    turn(wheel, 3)
    assert called == [1]
    turn(wheel, 7)
    assert called == [1, 3]


def test_what_is_due_already_is_called_at_the_next_turn() -> None:
    called: list[float] = []
    wheel = Wheel(1.0, 100.0)
    wheel.add(3, noted(called, 3))
    turn(wheel, 100.5)
    turn(wheel, 101)
    assert called == [3]
