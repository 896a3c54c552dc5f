"""What waits to be written: all of it, in order, and not too much of it."""

from hypothesis import given
from hypothesis import strategies as st

from app.engine.transport.unsent import AT_ONCE, MOST_REPLAYED, Unsent


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=30), st.lists(st.integers(0, 80)))
def test_whatever_the_socket_takes_at_a_time_every_byte_is_sent_in_order(frames: list[bytes], takes: list[int]) -> None:
    unsent, sent = Unsent(10_000), b""
    for frame in frames:
        assert unsent.add(frame)
    for take in [*takes, *[1_000] * 30]:
        if unsent:
            taken = unsent.head()[:take]
            sent += taken
            unsent.sent(len(taken))
    assert sent == b"".join(frames)
    assert (bool(unsent), unsent.size) == (False, 0)


def test_several_frames_go_into_one_send() -> None:
    unsent = Unsent(1_000)
    for frame in (b"one", b"two", b"three"):
        unsent.add(frame)
    assert unsent.head() == b"onetwothree"


def test_a_send_holds_no_more_than_the_socket_would_take() -> None:
    unsent = Unsent(10 * AT_ONCE)
    for _ in range(4):
        unsent.add(bytes(AT_ONCE // 2))
    assert len(unsent.head()) == AT_ONCE


def test_with_more_waiting_than_the_bound_nothing_further_is_taken() -> None:
    unsent = Unsent(10)
    assert unsent.add(bytes(8))
    assert unsent.add(bytes(8)), "one frame may pass it"
    assert not unsent.add(b"x")
    unsent.sent(10)
    assert unsent.add(b"x")


def test_one_frame_may_be_larger_than_the_bound() -> None:
    assert Unsent(10).add(bytes(100))


def test_a_replay_leaves_what_is_new_its_share() -> None:
    unsent = Unsent(10)
    assert unsent.add(bytes(100), replayed=True)
    assert unsent.add(bytes(8))
    assert unsent.add(bytes(8))
    assert not unsent.add(b"x")


def test_once_a_replay_has_left_the_bound_is_what_it_was() -> None:
    unsent = Unsent(10)
    unsent.add(bytes(100), replayed=True)
    unsent.sent(100)
    assert unsent.add(bytes(11))
    assert not unsent.add(b"x")


def test_replays_that_nobody_reads_have_a_bound_of_their_own() -> None:
    unsent = Unsent(10)
    assert unsent.add(bytes(MOST_REPLAYED + 1), replayed=True)
    assert not unsent.add(b"x", replayed=True)
    unsent.sent(len(unsent.head()))
    assert unsent.add(b"x", replayed=True)
