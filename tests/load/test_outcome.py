"""Whether a load test passes: from what was made, and what was heard."""

from html.parser import HTMLParser

import pytest

from app.load.outcome import Heard, Moment, Outcome
from app.load.page import page
from app.load.plan import Plan, Transport

PLAN = Plan("http://127.0.0.1:3000", connections=2, polling=0, rate=1, duration=3, ramp=1, bound=None)
ROOM = "notifications-u"


def outcome(*heard: list[int], offsets: list[int] | None = None, made: int = 3) -> Outcome:
    """Of clients in one room, in which so many events were made."""
    clients = [Heard(ROOM, numbers, offsets or sorted(numbers)) for numbers in heard]
    latencies = [0.01 * (number + 1) for numbers in heard for number in numbers]
    return Outcome(
        made={ROOM: set(range(made))},
        heard=clients,
        latencies={Transport.WEBSOCKET: latencies, Transport.POLLING: []},
        refused=2 - len(heard),
    )


def faults(found: Outcome, bound: float | None = None) -> list[str]:
    return found.faults(bound)


def test_it_passes_when_each_client_heard_each_event_once_and_in_order() -> None:
    assert faults(outcome([0, 1, 2], [0, 1, 2])) == []


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (outcome([0, 1, 2], [0, 2]), "1 deliveries lost"),
        (outcome([0, 1, 1, 2], [0, 1, 2]), "1 deliveries repeated"),
        (outcome([0, 1, 2], [0, 1, 2], offsets=[2, 1, 3]), "2 deliveries out of order"),
        (outcome([0, 1, 2, 7], [0, 1, 2]), "1 deliveries of events that nobody made"),
        (outcome([0, 1, 2]), "1 clients could not be connected"),
        (outcome([], [], made=0), "nothing was delivered"),
    ],
)
def test_it_fails_when_something_is_not_so(found: Outcome, fault: str) -> None:
    assert faults(found) == [fault]


def test_an_event_whose_request_was_not_answered_may_be_heard_or_not() -> None:
    for heard in ([0, 1, 2], [0, 1, 2, 3]):
        found = outcome(heard, heard)
        found.unsure = {ROOM: {3}}
        assert faults(found) == []


def test_it_fails_when_the_bound_is_passed() -> None:
    assert faults(outcome([0, 1, 2], [0, 1, 2]), bound=30) == []
    assert faults(outcome([0, 1, 2], [0, 1, 2]), bound=29) == ["p99 of 30.0 ms by WebSocket, above 29"]


def test_the_bound_holds_for_each_transport_by_itself() -> None:
    found = outcome([0, 1, 2], [0, 1, 2])
    found.latencies[Transport.POLLING] = [0.05]
    assert faults(found, bound=40) == ["p99 of 50.0 ms by polling, above 40"]


def test_each_error_is_a_fault() -> None:
    found = outcome([0, 1, 2], [0, 1, 2])
    found.errors["connection lost"] = 4
    assert faults(found) == ["4 times: connection lost"]


class Tags(HTMLParser):
    """What is open, and what is loaded."""

    VOID = ("meta", "rect", "line", "polyline", "input")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.elsewhere: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.elsewhere += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_one_whole_file_without_scripts() -> None:
    found = outcome([0, 1, 2], [0, 2])
    found.per_second.update({0: 2, 1: 3})
    found.moments = [Moment(1, 160, 0.2, 1), Moment(2, 161, 0.3, 2)]
    found.errors["<script>alert(1)</script>"] = 1
    tags = Tags(page(PLAN, found, "today"))
    assert tags.open == []
    assert tags.elsewhere == []
    assert "script" not in tags.seen
    assert {"svg", "rect", "polyline", "table"} <= tags.seen


def test_the_page_of_a_run_in_which_nothing_happened_is_whole_too() -> None:
    assert Tags(page(PLAN, Outcome(), "today")).open == []
