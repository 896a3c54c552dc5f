"""A process that is stopped while it numbers events, on PostgreSQL; here it is a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.core.transaction import transaction
from app.engine import Envelope
from app.engine.relay import Relay
from app.events.notifications import NotificationDeleted
from app.extensions import socketio


@pytest.fixture
def database_url(shared_database: str) -> str:
    return shared_database


def test_it_keeps_the_others_from_their_turn_for_a_bounded_time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.relay.MOST_IDLE", 0.5)
    stopped, go_on = threading.Event(), threading.Event()
    begin = socketio.relay._begin

    @contextmanager
    def begin_and_stop() -> Iterator[Connection]:
        with begin() as connection:
            yield connection
            stopped.set()
            go_on.wait()

    def number_and_stop() -> None:
        with suppress(DBAPIError):
            Relay(socketio.outbox, socketio.relay._read, begin_and_stop, socketio.broker).drain()

    heard: list[Envelope] = []
    socketio.hub.tap("notifications-u", heard.append)
    other = Relay(socketio.outbox, socketio.relay._read, begin, socketio.broker)
    with app.app_context(), transaction() as tx:
        tx.publish(NotificationDeleted(user_id="u", id="1", unread_count=0))
    process = threading.Thread(target=number_and_stop)
    process.start()
    stopped.wait()
    assert other.drain() == 1
    go_on.set()
    process.join()
    assert [envelope.seq for envelope in heard] == [1]
