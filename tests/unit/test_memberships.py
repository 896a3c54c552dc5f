"""Where sockets stand: a client that comes back is sent what it missed, once, wherever its link was cut."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.envelope import Envelope
from app.engine.memberships import MOST_REPLAYS, Memberships, Missed, Standing
from app.engine.offsets import Offset

ROOMS = "abc"


@dataclass
class Model:
    """A server with one client, whose link may be cut behind any event."""

    log: list[Envelope] = field(default_factory=list)
    rooms: Memberships = field(default_factory=Memberships)
    due: list[int] = field(default_factory=list)  # what the client is to hear
    heard: list[int] = field(default_factory=list)
    offset: Offset = field(default_factory=lambda: Offset(0))  # the client's
    way: Missed = field(default_factory=list)  # what is on its way to it

    @property
    def newest(self) -> int:
        return len(self.log)

    def publish(self, rooms: frozenset[str]) -> None:
        self.log.append(Envelope("event", "null", tuple(sorted(rooms)), seq=self.newest + 1))
        if rooms & set(self.rooms.entered):
            self.due.append(self.newest)
            self.way.append((self.log[-1], Offset(self.newest)))

    def join(self, room: str, since: int) -> None:
        missed = self.rooms.replay(room, since, self.newest, [each for each in self.log[since:] if room in each.rooms])
        self.due += [each.number for each, _ in missed]
        self.way += missed

    def arrives(self, count: int) -> None:
        arrived, self.way = self.way[:count], self.way[count:]
        self.heard += [each.number for each, _ in arrived]
        self.offset = arrived[-1][1] if arrived else self.offset

    def comes_back(self) -> None:
        """Behind a cut, which takes with it what is on its way."""
        standing = Standing(self.rooms, self.offset)
        found = [] if standing.since is None else self.log[standing.since :]
        self.way = standing.missed(found, self.rooms.entered)
        self.rooms = standing.memberships


PUBLISHED = st.lists(st.frozensets(st.sampled_from(ROOMS), min_size=1), min_size=1, max_size=6)
JOINED = st.tuples(st.sampled_from(ROOMS), st.integers(0, 12))  # how many of the newest events it asks for
COMES_BACK = st.none()
ARRIVED = st.integers(0, 4) | st.just(100)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(PUBLISHED | JOINED | JOINED | COMES_BACK, ARRIVED), max_size=20))
def test_wherever_links_are_cut_everything_is_heard_once(
    steps: list[tuple[list[frozenset[str]] | tuple[str, int] | None, int]],
) -> None:
    model = Model()
    for step, arrived in steps:
        match step:
            case None:
                model.comes_back()
            case str(room), int(asked):
                model.join(room, max(0, model.newest - asked))
            case _:
                for rooms in step:
                    model.publish(rooms)
        model.arrives(arrived)
        assert sorted([*model.heard, *numbers(model.way)]) == sorted(model.due)


def numbers(missed: Missed) -> list[int]:
    return [each.number for each, _ in missed]


def offsets(missed: Missed) -> list[tuple[int, int]]:
    return [(stands.seq, stands.reached) for _, stands in missed]


def log(*rooms: str) -> list[Envelope]:
    """An event to each of ``rooms``, which are a letter each."""
    return [Envelope("event", "null", tuple(to), seq=number) for number, to in enumerate(rooms, 1)]


def test_a_replay_says_how_far_it_has_come_behind_the_newest_event() -> None:
    assert offsets(Memberships().replay("a", 1, 3, log("a", "a", "a")[1:])) == [(3, 2), (3, 3)]


def test_what_another_room_brought_is_not_replayed() -> None:
    rooms = Memberships({"b": 1})
    assert numbers(rooms.replay("a", 0, 3, log("ab", "ab", "a"))) == [1, 3]


def test_who_asks_for_more_of_a_room_is_sent_what_is_older_alone() -> None:
    past, rooms = log("a", "a", "a", "a"), Memberships({"a": 3})
    assert numbers(rooms.replay("a", 1, 4, past[1:])) == [2, 3]
    assert numbers(rooms.replay("a", 0, 4, past)) == [1]


def test_who_asks_for_less_of_a_room_is_sent_nothing_and_has_no_replay() -> None:
    rooms = Memberships({"a": 2})
    assert (rooms.replay("a", 2, 3, log("a", "a", "a")[2:]), rooms.replays) == ([], [])


def test_who_asks_for_more_of_a_room_again_and_again_is_sent_all_of_it() -> None:
    past, rooms = log(*"a" * 20), Memberships({"a": 20})
    for since in range(19, 19 - MOST_REPLAYS, -1):
        assert numbers(rooms.replay("a", since, 20, past[since:])) == [since + 1]
    assert numbers(rooms.replay("a", 0, 20, past)) == list(range(1, 21))
    assert len(rooms.replays) == 1


def test_an_offset_of_an_earlier_session_says_nothing_of_the_replays_of_this_one() -> None:
    past, earlier, rooms = log("a", "a", "a"), Memberships(), Memberships()
    _, stands = earlier.replay("a", 0, 3, past)[1]
    rooms.replay("a", 0, 3, past)
    standing = Standing(rooms, stands)
    assert numbers(standing.missed(past, "a")) == [1, 2, 3]


def test_a_cut_in_a_replay_says_that_those_before_it_were_heard_of_rooms_too_that_were_left() -> None:
    past, rooms = log("ab", "a", "b", "c"), Memberships()
    rooms.replay("a", 0, 4, past[:2])
    _, stands = rooms.replay("c", 3, 4, past[3:])[0]
    rooms.leave("c")
    assert Standing(rooms, stands).missed(past, "a") == []


def test_a_replay_that_is_cut_again_and_again_takes_no_more_room() -> None:
    past, rooms, stands = log(*"a" * 20), Memberships(), Offset(20)
    missed = rooms.replay("a", 0, 20, past)
    for number in range(1, 21):
        assert numbers(missed) == list(range(number, 21))
        _, stands = missed[0]
        standing = Standing(rooms, stands)
        missed, rooms = standing.missed(past, "a"), standing.memberships
    assert (missed, len(rooms.replays)) == ([], 1)


def test_who_comes_back_with_the_same_offset_twice_is_sent_the_same() -> None:
    past, rooms = log("a", "a", "a"), Memberships()
    _, stands = rooms.replay("a", 0, 3, past)[1]
    once = Standing(rooms, stands)
    again = Standing(once.memberships, stands)
    assert numbers(once.missed(past, "a")) == numbers(again.missed(past, "a")) == [3]


def test_of_a_replay_and_newer_events_that_were_lost_together_comes_first_what_is_older_than_the_newest_heard() -> None:
    past, rooms = log("a", "a", "b", "a", "b"), Memberships({"b": 0})
    rooms.replay("a", 0, 5, [past[0], past[1], past[3]])
    missed = Standing(rooms, Offset(3)).missed(past, "ab")
    assert numbers(missed) == [1, 2, 4, 5]
    assert offsets(missed) == [(3, 1), (3, 2), (4, 0), (5, 0)]


def test_what_two_replays_would_have_brought_is_told_once() -> None:
    past, rooms = log("ab", "c"), Memberships({"c": 1})
    rooms.replay("a", 0, 2, past[:1])
    rooms.replay("b", 0, 2, past[:1])
    assert numbers(Standing(rooms, Offset(2)).missed(past, "abc")) == [1]


def test_what_one_may_not_hear_any_more_is_not_missed() -> None:
    past, rooms = log("a", "b", "a", "b"), Memberships({"a": 0})
    rooms.replay("b", 0, 2, past[1:2])
    assert numbers(Standing(rooms, Offset(2)).missed(past, "a")) == [3]
    assert numbers(Standing(rooms, Offset(2)).missed(past, "ab")) == [2, 3, 4]


def test_a_room_entered_behind_the_newest_event_that_was_heard_begins_where_it_was_entered() -> None:
    past = log("a", "a", "a")
    assert numbers(Standing(Memberships({"a": 2}), Offset(1)).missed(past, "a")) == [3]


def test_who_was_in_no_room_missed_nothing() -> None:
    assert Standing(Memberships(), Offset(1)).since is None
