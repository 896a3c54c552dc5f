"""Brokers as processes have them: each with what it delivered, all beside one event table."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, MetaData, NullPool, create_engine, insert

from app.core.clock import now
from app.engine import Broker, Envelope, History, event_table, room_table

WAIT = 6.0  # seconds; Redis has two to answer, and the table is asked after one more


class EventTable:
    """A history in an SQLite file."""

    def __init__(self, folder: Path) -> None:
        self._engine = create_engine(f"sqlite:///{folder / 'events.db'}", poolclass=NullPool)
        metadata = MetaData()
        self._events = event_table(metadata)
        self.history = History(self._events, room_table(metadata), self._read, self._engine.begin, timedelta(days=1))
        self._closed = False
        metadata.create_all(self._engine)

    def number(self, *numbers: int) -> list[Envelope]:
        """Numbered events, stored as the relay stores them before it hands them to a broker."""
        envelopes = [Envelope("n", json.dumps(number), ("room",), seq=number) for number in numbers]
        with self._engine.begin() as connection:
            for envelope in envelopes:
                connection.execute(insert(self._events), _row(envelope))
        return envelopes

    def close(self) -> None:
        """Stop the brokers that read here, which go on for as long as their process does: they wait for ever."""
        self._closed = True

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        if self._closed:
            threading.Event().wait()
        with self._engine.begin() as connection:
            yield connection


def _row(envelope: Envelope) -> dict[str, object]:
    fields = {"event": envelope.event, "payload": envelope.payload, "rooms": json.dumps(envelope.rooms)}
    return fields | {"seq": envelope.seq, "created_at": now()}


class Process:
    """What one process publishes and hears."""

    def __init__(self, broker: Broker, newest: int = 0) -> None:
        self.broker = broker
        self.delivered: list[Envelope] = []
        broker.start(self.delivered.append)
        broker.follow(newest)

    @property
    def numbers(self) -> list[int | None]:
        """Of the numbered envelopes that were delivered, in that order."""
        return [envelope.seq for envelope in self.delivered if envelope.seq is not None]

    @property
    def hints(self) -> list[str]:
        """The payloads of the envelopes without a number."""
        return [envelope.payload for envelope in self.delivered if envelope.seq is None]

    def publish(self, *envelopes: Envelope) -> None:
        for envelope in envelopes:
            self.broker.publish(envelope)

    def hears(self, number: int, timeout: float = WAIT) -> None:
        """Wait until the envelope with this number was delivered."""
        wait_until(lambda: self.numbers[-1:] == [number], timeout)

    def hears_hints(self, timeout: float = WAIT) -> None:
        """Wait until an envelope without a number arrives. Until then they may be lost: so it is sent again."""
        before = len(self.hints)

        def heard() -> bool:
            self.publish(Envelope("hint", "1", ("room",)))
            time.sleep(0.05)
            return len(self.hints) > before

        wait_until(heard, timeout)


def wait_until(holds: Callable[[], object], timeout: float = WAIT) -> None:
    """
    :raises AssertionError: when it does not hold within `timeout` seconds
    """
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"not within {timeout} s"
        time.sleep(0.01)
