"""The arithmetic of offsets: a client that comes back is sent what it missed, once, wherever its link was cut."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.offsets import Membership, Offset, Standing, positions

ROOMS = "abc"


@pytest.mark.parametrize("offset", [Offset(0), Offset(12), Offset(12, "chat-x:y", 3)])
def test_an_offset_is_read_as_it_was_written(offset: Offset) -> None:
    assert Offset.parse(str(offset)) == offset


@pytest.mark.parametrize("text", ["", "x", "-1", "1:2", "1:2:", "1::a", "\u0661", "1" * 19, "1\n"])
def test_other_texts_are_no_offsets(text: str) -> None:
    assert Offset.parse(text) is None


def test_an_offset_of_a_replay_says_how_far_that_room_has_come() -> None:
    offset = Offset(12, "a", 3)
    assert (offset.of("a"), offset.of("b")) == (3, 12)


def test_a_room_entered_after_the_newest_event_begins_where_it_was_entered() -> None:
    assert positions({"a": Membership(10, 10)}, Offset(7)) == {"a": 10}


def test_a_replay_that_did_not_begin_is_still_to_come() -> None:
    assert positions({"a": Membership(0, 0), "b": Membership(2, 7)}, Offset(7)) == {"a": 7, "b": 2}


def test_a_replay_that_was_cut_goes_on() -> None:
    assert positions({"a": Membership(0, 0), "b": Membership(2, 7)}, Offset(7, "b", 4)) == {"a": 7, "b": 4}


def test_a_later_event_says_that_a_replay_is_over() -> None:
    assert positions({"a": Membership(0, 0), "b": Membership(2, 7)}, Offset(8)) == {"a": 8, "b": 8}


def test_of_two_replays_at_one_point_the_second_says_that_the_first_is_over() -> None:
    rooms = {"a": Membership(1, 7), "b": Membership(2, 7), "c": Membership(3, 7)}
    assert positions(rooms, Offset(7, "b", 4)) == {"a": 7, "b": 4, "c": 3}


@dataclass
class Model:
    """A server with one client, whose link may be cut behind any event."""

    log: list[frozenset[str]] = field(default_factory=list)  # the rooms of event 1, 2, …
    rooms: dict[str, Membership] = field(default_factory=dict)
    sent: list[tuple[int, Offset]] = field(default_factory=list)
    due: set[int] = field(default_factory=set)

    def publish(self, rooms: frozenset[str]) -> None:
        self.log.append(rooms)
        if rooms & set(self.rooms):
            number = len(self.log)
            self.sent.append((number, Offset(number)))
            self.due.add(number)

    def join(self, room: str, since: int) -> None:
        now = len(self.log)
        since = min(since, now)
        before = self.rooms.get(room)
        if before is not None and (before.since <= since or before.since < before.at):
            return  # nothing is missing; or it caught up with the room before, of which a cut may have it told again
        for number in range(since + 1, now + 1):
            others = self.log[number - 1] & set(self.rooms)
            if room in self.log[number - 1] and not any(self.rooms[other].since < number for other in others):
                self.sent.append((number, Offset(now, room, number)))
                self.due.add(number)
        self.rooms.pop(room, None)
        self.rooms[room] = Membership(since, now) if before is None else before.replayed(since, now)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.frozensets(st.sampled_from(ROOMS), min_size=1), st.just(0)),
        st.tuples(st.just("join"), st.sampled_from(ROOMS), st.integers(0, 12)),
    ),
    max_size=14,
)


@given(ACTIONS, st.integers(0, 30))
def test_wherever_the_link_is_cut_what_was_not_heard_is_missed_and_nothing_else(
    actions: list[tuple[str, frozenset[str] | str, int]], cut: int
) -> None:
    model = Model()
    for name, value, since in actions:
        if isinstance(value, frozenset):
            model.publish(value)
        else:
            model.join(value, since)
        assert name in ("publish", "join")
    arrived = model.sent[:cut]
    heard = arrived[-1][1] if arrived else Offset(0)
    standing = Standing(model.rooms, heard)
    missed = {number for number, rooms in enumerate(model.log, 1) if standing.misses(number, rooms, model.rooms)}
    assert missed == model.due - {number for number, _ in arrived}
