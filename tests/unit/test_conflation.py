"""Which of the committed events leave, and when, in a time that the tests make."""

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.conflation import MOST_HELD, Conflation, Waiting
from app.engine.pace import CEILING_SECONDS, MOST_WINDOW, Pace, Sent

WINDOW = 0.5
ROOMS = ("a", "b", "c")


class Left(NamedTuple):
    """An event, and when it left."""

    at: float
    waiting: Waiting


class Past(NamedTuple):
    """What became of all that was committed."""

    left: list[Left]
    superseded: list[Waiting]

    def ids(self) -> list[int]:
        return [waiting.id for _, waiting in self.left]

    def times(self) -> list[tuple[int, float]]:
        return [(waiting.id, at) for at, waiting in self.left]


Committed = tuple[float, Waiting]
"""An event, and the time at which it was committed."""


def plain(id: int, *rooms: str) -> Waiting:
    return Waiting(id, "plain", rooms, None)


def barrier(id: int) -> Waiting:
    return Waiting(id, "@barrier", (), None, is_barrier=True)


def passing(id: int) -> Waiting:
    return Waiting(id, "@passing", (), None)


def paced(id: int, key: str, *rooms: str, window: float = WINDOW, ceiling: int | None = None) -> Waiting:
    return Waiting(id, "paced", rooms, Pace(key, window, ceiling))


def run(*committed: Committed) -> Past:
    """Have a relay look whenever something is committed and whenever something is due, until nothing waits."""
    conflation, past, waiting, now = Conflation(), Past([], []), list[Waiting](), 0.0
    to_come = list(committed)
    due: float | None = None
    while to_come or due is not None:
        now = min(to_come[0][0] if to_come else float("inf"), float("inf") if due is None else due)
        while to_come and to_come[0][0] <= now:
            waiting.append(to_come.pop(0)[1])
        decision = conflation.decide(waiting, now)
        assert sorted(decision.leaving + decision.superseded + decision.held) == sorted(waiting)
        assert decision.held == sorted(decision.held, key=lambda each: each.id)
        past.left.extend(Left(now, each) for each in decision.leaving)
        past.superseded.extend(decision.superseded)
        waiting, due = decision.held, decision.due
        assert (due is None) == (not waiting)
        assert due is None or now < due < inf
    return past


def test_the_first_of_a_key_leaves_at_once() -> None:
    assert run((1.0, paced(1, "k", "a"))).times() == [(1, 1.0)]


def test_the_newest_leaves_when_the_window_is_over() -> None:
    past = run(*((1.0 + number / 10, paced(number, "k", "a")) for number in range(5)))
    assert past.times() == [(0, 1.0), (4, 1.0 + WINDOW)]
    assert [waiting.id for waiting in past.superseded] == [1, 2, 3]


def test_a_key_that_was_quiet_for_its_window_leaves_at_once_again() -> None:
    assert run((1.0, paced(1, "k", "a")), (1.0 + WINDOW, paced(2, "k", "a"))).times() == [(1, 1.0), (2, 1.0 + WINDOW)]


def test_keys_do_not_supersede_each_other() -> None:
    assert run((1.0, paced(1, "k", "a")), (1.0, paced(2, "l", "a"))).ids() == [1, 2]


def test_an_event_without_a_pace_is_never_held() -> None:
    past = run((1.0, paced(1, "k", "a")), (1.1, paced(2, "k", "a")), (1.2, plain(3, "b")))
    assert past.times() == [(1, 1.0), (3, 1.2), (2, 1.0 + WINDOW)]


def test_what_is_held_in_a_room_of_such_an_event_leaves_before_it() -> None:
    past = run((1.0, paced(1, "k", "a")), (1.1, paced(2, "k", "a", "b")), (1.2, plain(3, "b")))
    assert past.times() == [(1, 1.0), (2, 1.2), (3, 1.2)]


def test_what_is_held_in_other_rooms_stays_held() -> None:
    firsts = [(1.0, paced(1, "k", "a")), (1.0, paced(2, "l", "b"))]
    past = run(*firsts, (1.1, paced(3, "k", "a", "b")), (1.1, paced(4, "l", "b", "c")), (1.2, plain(5, "c")))
    assert past.times()[2:] == [(4, 1.2), (5, 1.2), (3, 1.0 + WINDOW)]


def test_what_is_older_of_a_key_that_leaves_so_leaves_too() -> None:
    past = run((1.0, paced(1, "k", "a")), (1.1, paced(2, "k", "a")), (1.1, paced(3, "k", "b")), (1.2, plain(4, "b")))
    assert past.times() == [(1, 1.0), (2, 1.2), (3, 1.2), (4, 1.2)]


def test_the_window_begins_anew_with_what_left_so() -> None:
    past = run((1.0, paced(1, "k", "a")), (1.1, paced(2, "k", "a")), (1.2, plain(3, "a")), (1.3, paced(4, "k", "a")))
    assert past.times()[-1] == (4, 1.2 + WINDOW)


def test_an_event_about_something_else_does_not_wait_for_what_is_held_in_its_room() -> None:
    past = run((1.0, paced(1, "k", "a")), (1.1, paced(2, "k", "a")), (1.2, paced(3, "l", "a")))
    assert past.times() == [(1, 1.0), (3, 1.2), (2, 1.0 + WINDOW)]


def test_a_newer_event_that_fewer_rooms_hear_supersedes_nothing() -> None:
    past = run((1.0, paced(1, "k", "a")), (1.1, paced(2, "k", "a", "b")), (1.2, paced(3, "k", "a", "c")))
    assert past.superseded == []
    assert past.times() == [(1, 1.0), (2, 1.0 + WINDOW), (3, 1.0 + 2 * WINDOW)]


def test_a_barrier_lets_all_leave_before_it() -> None:
    past = run((1.0, paced(1, "k", "a")), (1.1, paced(2, "k", "a")), (1.2, barrier(3)))
    assert past.times() == [(1, 1.0), (2, 1.2), (3, 1.2)]


def test_nothing_is_superseded_across_a_barrier() -> None:
    past = run((1.0, paced(1, "k", "a")), (1.0, barrier(2)), (1.0, paced(3, "k", "a")))
    assert past.ids() == [1, 2, 3]


def test_a_control_message_that_is_no_barrier_leaves_at_once_and_changes_nothing_of_what_is_held() -> None:
    past = run((1.0, paced(1, "k", "a")), (1.1, paced(2, "k", "a")), (1.2, passing(3)), (1.3, paced(4, "k", "a")))
    assert past.times() == [(1, 1.0), (3, 1.2), (4, 1.0 + WINDOW)]
    assert [waiting.id for waiting in past.superseded] == [2]


def test_a_room_hears_as_many_a_second_as_the_ceiling_says() -> None:
    past = run(*((1.0, paced(number, f"k{number}", "a", window=0, ceiling=2)) for number in range(6)))
    assert past.times() == [(0, 1.0), (1, 1.0), (2, 2.0), (3, 2.0), (4, 3.0), (5, 3.0)]


def test_beyond_the_ceiling_the_newest_of_a_key_is_heard() -> None:
    burst = [(1.0 + number / 100, paced(number, "k", "a", window=0, ceiling=2)) for number in range(50)]
    assert run(*burst).times() == [(0, 1.0), (1, 1.01), (49, 2.0)]


def test_each_room_has_its_own_ceiling() -> None:
    past = run(*((1.0, paced(number, f"k{number}", room, window=0, ceiling=1)) for number, room in enumerate("abc")))
    assert past.times() == [(0, 1.0), (1, 1.0), (2, 1.0)]


def test_beyond_the_ceiling_that_leaves_first_whose_key_waits_longest_however_often_superseded() -> None:
    keys = [(1.0, paced(number, f"k{number}", "a", window=0, ceiling=1)) for number in range(2)]
    past = run(*keys, (1.1, paced(2, "l", "a", window=0, ceiling=1)), (1.2, paced(3, "k1", "a", window=0, ceiling=1)))
    assert past.times() == [(0, 1.0), (3, 2.0), (2, 3.0)]


def test_a_key_that_left_has_a_new_turn() -> None:
    conflation = Conflation()
    first, second = (paced(number, f"k{number}", "a", window=0, ceiling=1) for number in range(2))
    conflation.decide([paced(10, "l", "a", window=0, ceiling=1)], 1.0)
    conflation.decide([first, second], 1.1)
    conflation.note(first, 1.2)  # another process sent it
    newer = paced(2, "k0", "a", window=0, ceiling=1)
    assert conflation.decide([second, newer], 2.2).leaving == [second]


@pytest.mark.parametrize("keys", [10, 40, 100, 400])
def test_however_many_keys_change_the_ceiling_holds_and_each_is_heard_in_its_turn(keys: int) -> None:
    ceiling, fifths = 20, range(15)
    past = run(
        *(
            (1.0 + fifth / 5, paced(fifth * keys + key, f"k{key}", "a", window=0.1, ceiling=ceiling))
            for fifth in fifths
            for key in range(keys)
        )
    )
    times = [at for at, _ in past.left]
    assert all(later - at >= CEILING_SECONDS - 1e-9 for at, later in zip(times, times[ceiling:], strict=False))
    for key in range(keys):
        heard = [at for at, each in past.left if each.pace and each.pace.key == f"k{key}"]
        assert max(later - at for at, later in pairwise([1.0, *heard])) <= keys / ceiling + CEILING_SECONDS


def test_who_waits_for_two_full_rooms_has_a_turn_in_both() -> None:
    """The two let others leave at different times, so that never both are free when others take every place."""
    in_one = [
        (1.0 + at / 10, paced(2 * at + (room == "b"), f"{room}{at % 4}", room, window=0, ceiling=2))
        for at in range(100)
        for room in ("a", "b")
        if room == "a" or at >= 5
    ]
    in_both = (2.0, paced(1000, "both", "a", "b", window=0, ceiling=2))
    assert dict(run(*sorted([*in_one, in_both], key=lambda each: each[0])).times())[1000] <= 5.0


def test_of_too_many_that_are_held_those_of_the_fullest_room_leave() -> None:
    conflation = Conflation()
    keys = range(MOST_HELD + 5)
    room = {number: "full" if number % 100 == 0 else f"room-{number}" for number in keys}
    conflation.decide([paced(number, str(number), room[number]) for number in keys], 1.0)
    decision = conflation.decide([paced(10_000 + number, str(number), room[number]) for number in keys], 1.1)
    assert [each.id for each in decision.leaving] == [10_600, 10_700, 10_800, 10_900, 11_000]
    assert len(decision.held) == MOST_HELD


def test_those_that_stay_held_then_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.conflation.MOST_HELD", 5)
    past = run(*((1.0, paced(number, f"k{number}", "a", window=0, ceiling=2)) for number in range(12)))
    assert past.times()[:7] == [(number, 1.0) for number in (0, 1, 7, 8, 9, 10, 11)]
    assert past.times()[7:] == [(2, 2.0), (3, 2.0), (4, 3.0), (5, 3.0), (6, 4.0)]


def test_of_too_many_that_change_all_the_time_the_most_that_can_be_held_are_superseded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.engine.conflation.MOST_HELD", 10)
    past = run(
        *(
            (1.0 + fifth / 5, paced(fifth * 12 + key, f"k{key}", "a", window=0.1, ceiling=1))
            for fifth in range(10)
            for key in range(12)
        )
    )
    assert len([at for at, _ in past.left if at < 3.0]) <= 12 + 9 * 2


def test_what_delays_nothing_any_more_is_forgotten() -> None:
    sent = Sent()
    for second in range(100):
        sent.note(paced(second, f"key-{second}", "a"), float(second))
    assert len(sent) <= 2 * MOST_WINDOW


@pytest.mark.parametrize("wrong", [{"window": -0.1}, {"window": MOST_WINDOW + 1}, {"ceiling": 0}])
def test_a_pace_that_can_not_be_kept_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="some-key"):
        Pace("some-key", **wrong)  # type: ignore[arg-type]


# --- what holds whatever is committed

rooms = st.lists(st.sampled_from(ROOMS), min_size=1, max_size=3, unique=True)
paces = st.sampled_from([None, None, ("k", 0.1), ("l", 0.1), ("m", 0.5), ("n", 1.0)])


@st.composite
def histories(draw: st.DrawFn, ceilings: bool, moving: bool = True) -> list[Committed]:
    """Unless they are ``moving``, all of a key go to the same rooms."""
    ceiling = draw(st.integers(1, 3)) if ceilings else None
    home = {key: draw(rooms) for key in "klmn"}
    now, found = 0.0, []
    for id in range(draw(st.integers(1, 25))):
        now += draw(st.sampled_from([0.0, 0.0, 0.01, 0.05, 0.2, 1.0]))
        pace = draw(paces)
        if draw(st.integers(0, 15)) == 0:
            found.append((now, barrier(id)))
        elif pace is None:
            found.append((now, plain(id, *draw(rooms))))
        else:
            key, window = pace
            where = draw(rooms) if moving else home[key]
            found.append((now, paced(id, key, *where, window=window, ceiling=ceiling)))
    return found


quick = settings(max_examples=50, deadline=None)
any_history = st.booleans().flatmap(histories)


def hearing(left: Sequence[Left], room: str) -> list[Waiting]:
    return [each.waiting for each in left if room in each.waiting.rooms or each.waiting.is_barrier]


@quick
@given(any_history)
def test_each_room_hears_what_has_no_pace_and_those_of_one_key_in_the_order_of_the_commits(
    committed: list[Committed],
) -> None:
    left = run(*committed).left
    for room in ROOMS:
        heard = hearing(left, room)
        for place, each in enumerate(heard):
            overtaken = [later for later in heard[place:] if later.id < each.id]
            assert all(each.pace and later.pace and each.pace.key != later.pace.key for later in overtaken)


@quick
@given(any_history)
def test_what_has_no_pace_leaves_when_it_is_committed(committed: list[Committed]) -> None:
    past = run(*committed)
    at = {each.waiting.id: each.at for each in past.left}
    assert all(at[each.id] == time for time, each in committed if each.pace is None)


@quick
@given(any_history)
def test_the_newest_of_each_key_leaves(committed: list[Committed]) -> None:
    newest = {each.pace.key: each.id for _, each in committed if each.pace is not None}
    assert set(newest.values()) <= set(run(*committed).ids())


@quick
@given(any_history)
def test_who_misses_an_event_hears_a_newer_one_of_its_key(committed: list[Committed]) -> None:
    past = run(*committed)
    barriers = [each.id for _, each in committed if each.is_barrier]
    for gone in past.superseded:
        next_barrier = min((id for id in barriers if id > gone.id), default=len(committed))
        assert any(
            each.pace is not None
            and gone.pace is not None
            and each.pace.key == gone.pace.key
            and gone.id < each.id < next_barrier
            and set(gone.rooms) <= set(each.rooms)
            for _, each in past.left
        )


@quick
@given(any_history, st.sets(st.integers(0, 24)))
def test_a_control_message_that_is_no_barrier_changes_nothing_for_all_others(
    committed: list[Committed], behind: set[int]
) -> None:
    between = [(time, passing(100 + each.id)) for time, each in committed if each.id in behind]
    past = run(*sorted([*committed, *between], key=lambda each: each[0]))
    others = Past([each for each in past.left if each.waiting.event != "@passing"], past.superseded)
    assert others.times() == run(*committed).times()
    assert {(each.waiting.id, each.at) for each in past.left} >= {(each.id, time) for time, each in between}


@quick
@given(histories(ceilings=False))
def test_two_of_a_key_leave_within_its_window_only_before_what_can_not_wait(committed: list[Committed]) -> None:
    left = run(*committed).left
    before: dict[str, float] = {}
    for place, (at, each) in enumerate(left):
        if each.pace is not None:
            too_soon = at - before.get(each.pace.key, -1.0) < each.pace.window - 1e-9
            behind = [later for later in left[place:] if later.at == at and later.waiting.pace is None]
            assert not too_soon or behind
            before[each.pace.key] = at


@quick
@given(histories(ceilings=True))
def test_a_ceiling_is_exceeded_only_before_what_can_not_wait(committed: list[Committed]) -> None:
    left = run(*committed).left
    for room in ROOMS:
        heard = [(place, each) for place, each in enumerate(left) if each.waiting.pace and room in each.waiting.rooms]
        for number, (place, (at, each)) in enumerate(heard):
            assert each.pace is not None
            assert each.pace.ceiling is not None
            first = number - each.pace.ceiling
            exceeded = first >= 0 and at - heard[first][1].at < CEILING_SECONDS - 1e-9
            assert not exceeded or any(later.at == at and later.waiting.pace is None for later in left[place:])


@quick
@given(histories(ceilings=True, moving=False))
def test_a_key_waits_for_its_window_and_then_for_as_many_turns_as_there_are_keys(committed: list[Committed]) -> None:
    past = run(*committed)
    at = {each.waiting.id: each.at for each in past.left}
    ceiling = min((each.pace.ceiling for _, each in committed if each.pace and each.pace.ceiling), default=1)
    most = 1.0 + len("klmn") / ceiling + CEILING_SECONDS
    assert all(at[each.id] - time <= most + 1e-9 for time, each in committed if each.id in at)
