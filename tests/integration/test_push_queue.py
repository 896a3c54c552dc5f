"""What is taken of a queue of pushes that is long, and what is left alone."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.config import Settings
from app.core.clock import now
from app.extensions import db
from app.push import queue
from app.push.models import PushSubscription
from app.push.queue import LOOKED_AT, SHARE
from app.push.worker import PushWorker
from tests.integration.conftest import Person, Subscribe
from tests.support.many_pushes import fill, put_in
from tests.support.pushes import notify


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Pushes are due at once; the tests say when the worker looks."""
    return settings.model_copy(update={"push_delay_seconds": 0})


@pytest.mark.each_database
def test_pushes_to_devices_that_rest_or_are_sent_to_are_left_alone(app: Flask) -> None:
    with app.app_context():
        fill(3)
        resting, sent_to, _ = db.session.scalars(select(PushSubscription).order_by(PushSubscription.id))
        resting.rests_until = sent_to.claimed_until = now() + timedelta(seconds=60)
        db.session.commit()
        assert queue.any_due([])
        assert len(queue.claim(20, [])) == 1
        assert not queue.any_due([])
        assert queue.claim(20, []) == []


@pytest.mark.each_database
def test_who_has_the_whole_beginning_of_the_queue_keeps_nobody_waiting(
    app: Flask, alice: Person, bob: Person, subscribe: Subscribe, worker: PushWorker
) -> None:
    for _ in range(SHARE + 1):
        subscribe(alice)
    bobs = subscribe(bob)
    id = notify(alice)
    with app.app_context():
        hers = select(PushSubscription.id).where(PushSubscription.user_id == alice.id)
        put_in(list(db.session.scalars(hers)), id, [f"tag {number}" for number in range(LOOKED_AT)])
    notify(bob, "Bob's")
    threads = worker.step()
    for thread in threads:
        thread.join()
    assert len(threads) == SHARE + 1
    assert bobs.titles == ["Bob's"]
