"""Several processes number the rows of one event table; here they are threads, each with a relay."""

import threading

import pytest
from flask import Flask

from app.core.transaction import transaction
from app.engine import Envelope
from app.engine.brokers.local import LocalBroker
from app.engine.relay import Relay
from app.events.notifications import NotificationDeleted
from app.extensions import socketio

pytestmark = pytest.mark.each_database

PROCESSES = 3
EACH = 20


def publish(app: Flask, id: str) -> None:
    with app.app_context(), transaction() as tx:
        tx.publish(NotificationDeleted(user_id="u", id=id, unread_count=0))


def relay_to(handed_on: list[Envelope]) -> Relay:
    broker = LocalBroker()
    broker.start(handed_on.append)
    return Relay(socketio.outbox, socketio.relay._read, socketio.relay._begin, broker)


def test_each_event_is_numbered_and_handed_on_by_one_of_them(app: Flask) -> None:
    handed_on: list[list[Envelope]] = [[] for _ in range(PROCESSES)]

    def run(process: int) -> None:
        relay = relay_to(handed_on[process])
        for number in range(EACH):
            publish(app, f"{process}-{number}")
            relay.drain()

    threads = [threading.Thread(target=run, args=(process,)) for process in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(envelope.seq or 0 for envelopes in handed_on for envelope in envelopes)
    assert numbers == list(range(1, PROCESSES * EACH + 1))
    for envelopes in handed_on:
        assert envelopes == sorted(envelopes, key=lambda envelope: envelope.seq or 0)
