"""The broker of a cluster: several processes, faults of Redis, and whoever else writes there."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from app.engine import Envelope
from app.engine.brokers.redis import RedisBroker
from app.engine.brokers.redis_streams import KEPT
from app.engine.brokers.seal import Seal
from tests.support.brokers import EventTable, Process, wait_until
from tests.support.services import Redis

NewBroker = Callable[[], RedisBroker]
AT_ONCE = 0.1  # seconds


@pytest.fixture
def table(tmp_path: Path) -> Iterator[EventTable]:
    table = EventTable(tmp_path)
    yield table
    table.close()


@pytest.fixture
def key(tmp_path: Path) -> bytes:
    return bytes(tmp_path)


@pytest.fixture
def new_broker(redis_server: Redis, key: bytes, table: EventTable) -> NewBroker:
    return lambda: RedisBroker(redis_server.url, key, table.history)


@pytest.fixture
def broker(new_broker: NewBroker) -> RedisBroker:
    return new_broker()


@pytest.fixture
def process(broker: RedisBroker) -> Process:
    """It has begun to read: a fault comes as a surprise."""
    process = Process(broker)
    process.hears_hints()
    return process


@pytest.fixture
def client(redis_server: Redis) -> Iterator[Any]:
    with redis.Redis.from_url(redis_server.url, decode_responses=True) as client:
        yield client


@pytest.fixture
def stream(key: bytes) -> str:
    return f"realtime:{Seal(key).fingerprint}:numbered"


# --- several processes


def test_each_process_hears_what_another_publishes(process: Process, new_broker: NewBroker, table: EventTable) -> None:
    other = Process(new_broker())
    envelopes = table.number(1, 2, 3)
    process.publish(envelopes[0])
    other.publish(*envelopes[1:])
    wait_until(lambda: process.numbers == other.numbers == [1, 2, 3])


def test_processes_that_publish_at_the_same_time_hear_the_same_order(new_broker: NewBroker, table: EventTable) -> None:
    processes = [Process(new_broker()) for _ in range(3)]
    envelopes = table.number(*range(1, 601))
    shares = [envelopes[index::3] for index in range(3)]
    threads = [
        threading.Thread(target=process.publish, args=share) for process, share in zip(processes, shares, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: all(len(process.numbers) >= 600 for process in processes))
    assert [process.numbers for process in processes] == [list(range(1, 601))] * 3


def test_a_process_that_serves_no_sockets_has_sent_before_it_goes_on(new_broker: NewBroker, process: Process) -> None:
    command = new_broker()
    command.publish(Envelope("hint", '"from a command"', ("room",)))
    wait_until(lambda: '"from a command"' in process.hints)


# --- what does not come is in the table


def test_a_hole_is_filled_from_the_table_before_what_comes_behind_it(process: Process, table: EventTable) -> None:
    *_, last = table.number(1, 2, 3, 4)
    process.publish(last)
    wait_until(lambda: process.numbers == [1, 2, 3, 4])


def test_what_nobody_publishes_is_heard_within_two_seconds(process: Process, table: EventTable) -> None:
    table.number(1, 2)
    wait_until(lambda: process.numbers == [1, 2], timeout=2.5)


def test_an_event_that_could_not_be_delivered_is_delivered_before_the_next(
    broker: RedisBroker, table: EventTable
) -> None:
    process = Process(broker)
    fails = iter([True])

    def deliver(envelope: Envelope) -> None:
        if next(fails, False):
            raise ConnectionError
        process.delivered.append(envelope)

    broker.start(deliver)
    broker.follow(0)
    process.delivered.clear()
    process.publish(*table.number(1, 2))
    wait_until(lambda: process.numbers[-2:] == [1, 2])


def test_redis_keeps_no_more_than_it_should(process: Process, client: Any, stream: str) -> None:
    for first in range(1, KEPT + 2001, 2000):
        process.publish(*(Envelope("n", "1", ("room",), seq=number) for number in range(first, first + 2000)))
        process.hears(first + 1999)
    assert KEPT <= client.xlen(stream) < KEPT + 1000


# --- faults


def test_publishing_while_redis_is_away_neither_fails_nor_waits(process: Process, redis_server: Redis) -> None:
    redis_server.kill9()
    try:
        began = time.monotonic()
        process.publish(Envelope("hint", "1", ("room",)))
        assert time.monotonic() - began < AT_ONCE
        assert not process.broker.answers()
    finally:
        redis_server.start()


def test_events_are_heard_while_redis_is_away_and_after(
    process: Process, table: EventTable, redis_server: Redis
) -> None:
    redis_server.kill9()
    try:
        process.publish(*table.number(1, 2))
        wait_until(lambda: process.numbers == [1, 2])
    finally:
        redis_server.start()
    process.hears_hints()
    process.publish(*table.number(3))
    wait_until(lambda: process.numbers == [1, 2, 3])


def test_what_was_lost_is_counted(process: Process, broker: RedisBroker, redis_server: Redis) -> None:
    redis_server.kill9()
    try:
        process.publish(Envelope("hint", "1", ("room",)))
        wait_until(lambda: broker.counts["lost"] == 1)
    finally:
        redis_server.start()


def test_events_are_heard_while_redis_is_frozen(process: Process, table: EventTable, redis_server: Redis) -> None:
    redis_server.freeze()
    try:
        began = time.monotonic()
        process.publish(*table.number(1, 2))
        assert time.monotonic() - began < AT_ONCE
        wait_until(lambda: process.numbers == [1, 2])
    finally:
        redis_server.thaw()
    process.hears_hints(timeout=10)


def test_a_cut_connection_is_made_anew(process: Process, client: Any) -> None:
    client.client_kill_filter(_type="normal", skipme=True)
    process.hears_hints()


def test_a_full_redis_is_noticed_and_loses_no_event(process: Process, table: EventTable, client: Any) -> None:
    client.config_set("maxmemory", 1)
    try:
        assert not process.broker.answers()
        process.publish(*table.number(1, 2))
        wait_until(lambda: process.numbers == [1, 2])
    finally:
        client.config_set("maxmemory", 0)
    assert process.broker.answers()


def test_a_flushed_redis_loses_no_event(process: Process, table: EventTable, client: Any) -> None:
    for number in range(1, 101):
        process.publish(*table.number(number))
        if number == 50:
            client.flushall()
    wait_until(lambda: len(process.numbers) == 100)
    assert process.numbers == list(range(1, 101))


def test_a_redis_that_is_back_with_an_old_copy_loses_no_event(
    process: Process, table: EventTable, client: Any, stream: str
) -> None:
    process.publish(*table.number(1, 2))
    wait_until(lambda: process.numbers == [1, 2])
    copy = client.dump(stream)
    process.publish(*table.number(3, 4))
    wait_until(lambda: len(process.numbers) == 4)
    client.restore(stream, 0, copy, replace=True)
    process.publish(*table.number(5, 6))
    wait_until(lambda: process.numbers == [1, 2, 3, 4, 5, 6])


def test_numbers_of_a_database_that_is_no_more_are_removed(
    new_broker: NewBroker, table: EventTable, client: Any, stream: str
) -> None:
    new_broker().publish(Envelope("n", '"of before"', ("room",), seq=500))
    process = Process(new_broker())
    wait_until(lambda: not client.exists(stream))
    process.publish(*table.number(1, 2))
    wait_until(lambda: process.numbers == [1, 2])
    assert '"of before"' not in [envelope.payload for envelope in process.delivered]


# --- whoever else writes there


@pytest.mark.parametrize("signature", [{}, {"signature": ""}, {"signature": "é" * 64}, "another key's"])
@pytest.mark.parametrize("numbered", [True, False])
def test_a_forged_entry_is_ignored_and_counted(
    signature: dict[str, str] | str, process: Process, broker: RedisBroker, client: Any, stream: str, *, numbered: bool
) -> None:
    forged = Envelope("n", '"forged"', ("room",), seq=1 if numbered else None)
    entry = Seal(b"another key").close(forged)
    if isinstance(signature, dict):
        entry = {"text": entry["text"]} | signature
    client.xadd(stream if numbered else stream.replace("numbered", "unnumbered"), entry, id="1-0" if numbered else "*")
    wait_until(lambda: broker.counts["forged"] > 0)
    process.hears_hints()
    assert forged not in process.delivered


def test_an_entry_does_not_pass_under_another_number(
    process: Process, broker: RedisBroker, table: EventTable, client: Any, stream: str
) -> None:
    process.publish(*table.number(1))
    wait_until(lambda: process.numbers == [1])
    ((_, genuine),) = client.xrange(stream)
    client.xadd(stream, genuine, id="2-0")
    wait_until(lambda: broker.counts["forged"] > 0)
    assert process.numbers == [1]


def test_a_forged_number_stops_nothing(process: Process, table: EventTable, client: Any, stream: str) -> None:
    client.xadd(stream, {"text": "nonsense"}, id="999999-0")
    process.publish(*table.number(1, 2))
    wait_until(lambda: process.numbers == [1, 2])
    wait_until(lambda: not client.exists(stream))
    process.publish(*table.number(3))
    wait_until(lambda: client.xlen(stream) == 1)


def test_another_environment_on_the_same_redis_is_not_heard(
    process: Process, redis_server: Redis, table: EventTable
) -> None:
    stranger = RedisBroker(redis_server.url, b"another key", table.history)
    stranger.publish(Envelope("hint", '"of a stranger"', ("room",)))
    process.hears_hints()
    assert '"of a stranger"' not in process.hints
