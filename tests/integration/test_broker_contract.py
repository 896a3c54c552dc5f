"""What :class:`app.engine.Broker` promises, of each broker; the one of Redis on a real one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.engine import Envelope
from app.engine.brokers.local import LocalBroker
from app.engine.brokers.redis import RedisBroker
from tests.support.brokers import EventTable, Process, wait_until
from tests.support.services import Redis

Start = Callable[[int], Process]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[EventTable]:
    table = EventTable(tmp_path)
    yield table
    table.close()


@pytest.fixture(params=["local", "redis"])
def start(request: pytest.FixtureRequest, tmp_path: Path, table: EventTable) -> Start:
    """Starts a process that has heard all up to a number."""
    if request.param == "local":
        return lambda newest: Process(LocalBroker(table.history), newest)
    redis: Redis = request.getfixturevalue("redis_server")
    return lambda newest: Process(RedisBroker(redis.url, bytes(tmp_path), table.history), newest)


@pytest.fixture
def process(start: Start) -> Process:
    return start(0)


def test_numbered_envelopes_are_delivered_in_order_to_their_publisher_too(process: Process, table: EventTable) -> None:
    envelopes = table.number(*range(1, 1001))
    process.publish(*envelopes)
    wait_until(lambda: len(process.delivered) == 1000)
    assert process.delivered == envelopes


def test_a_number_is_delivered_once(process: Process, table: EventTable) -> None:
    first, second, third = table.number(1, 2, 3)
    process.publish(first, second, first, second, third)
    wait_until(lambda: 3 in process.numbers)
    assert process.numbers == [1, 2, 3]


def test_what_was_numbered_before_the_start_is_not_delivered(start: Start, table: EventTable) -> None:
    envelopes = table.number(1, 2, 3)
    process = start(2)
    process.publish(*envelopes)
    wait_until(lambda: 3 in process.numbers)
    assert process.numbers == [3]


def test_envelopes_without_a_number_are_delivered_in_the_order_of_their_publisher(process: Process) -> None:
    process.hears_hints()
    process.delivered.clear()
    process.publish(*(Envelope("hint", str(number), ("room",)) for number in range(100)))
    wait_until(lambda: "99" in process.hints)
    assert process.hints[-100:] == [str(number) for number in range(100)]


def test_an_envelope_arrives_as_it_was(process: Process) -> None:
    process.hears_hints()
    sent = Envelope("typing", '{"name":"Zoë\\n"}', ("a", "b:ü"), skip=("c",))
    process.publish(sent)
    wait_until(lambda: sent in process.delivered)


def test_a_control_message_arrives(process: Process, table: EventTable) -> None:
    (numbered,) = table.number(1)
    control = Envelope("@control", "{}", (), seq=numbered.seq)
    process.publish(control)
    wait_until(lambda: control in process.delivered)


def test_a_broker_that_is_well_says_so(process: Process) -> None:
    assert process.broker.answers()


def test_what_was_numbered_and_never_published_is_delivered_within_two_seconds(
    process: Process, table: EventTable
) -> None:
    table.number(1, 2, 3)
    process.broker.catch_up()
    process.hears(3)
    assert process.numbers == [1, 2, 3]


def test_what_is_missing_in_front_of_an_envelope_is_delivered_first(process: Process, table: EventTable) -> None:
    *_, last = table.number(1, 2, 3)
    process.publish(last)
    process.hears(3)
    assert process.numbers == [1, 2, 3]
