"""Pushes to those whose socket's process may have been killed: its last sign of life is late."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app.config import Settings
from app.core.clock import now
from app.engine import Sessions
from app.events.models import processes, sessions
from app.extensions import db
from app.push.worker import PushWorker
from tests.integration.conftest import Person
from tests.support.presence import crash, new_process
from tests.support.push_service import Browser
from tests.support.pushes import let_time_pass, notify, waiting, work


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Pushes are due at once, and tried once; the tests say when the worker looks."""
    return settings.model_copy(update={"push_delay_seconds": 0, "push_attempts": 1})


@pytest.fixture
def other(app: Flask) -> Iterator[Sessions]:
    """Another process."""
    with app.app_context():
        yield new_process()


def enter(process: Sessions, person: Person) -> None:
    """A socket of a person there, in the room that hears their notifications."""
    person.connect("/ws/notifications")
    db.session.rollback()
    db.session.execute(update(sessions).values(process=process.process))
    db.session.commit()


def fall_silent(process: Sessions, seconds: float) -> None:
    """Its last sign of life is so old."""
    at = now() - timedelta(seconds=seconds)
    db.session.rollback()
    db.session.execute(update(processes).where(processes.c.id == process.process).values(seen_at=at))
    db.session.commit()


@pytest.mark.each_database
def test_who_is_there_in_another_process_that_lives_is_not_pushed_to(
    app: Flask, alice: Person, phone: Browser, other: Sessions, worker: PushWorker
) -> None:
    enter(other, alice)
    fall_silent(other, 4)
    notify(alice)
    assert waiting(app) == []
    assert work(worker) == {}
    assert phone.pushes == []


def waits_until_it_is_known_whether_a_process_lives(app: Flask, worker: PushWorker) -> None:
    assert work(worker) == {}
    ((_, seconds),) = waiting(app)
    assert 15 < seconds <= 20


@pytest.mark.each_database
def test_what_is_written_while_a_killed_process_still_counts_is_pushed_once_it_does_not(
    app: Flask, alice: Person, phone: Browser, other: Sessions, worker: PushWorker
) -> None:
    enter(other, alice)
    fall_silent(other, 15)
    notify(alice, "After the crash")
    waits_until_it_is_known_whether_a_process_lives(app, worker)
    crash(other)
    let_time_pass(app)
    assert work(worker) == {"sent": 1}
    assert phone.titles == ["After the crash"]


@pytest.mark.usefixtures("phone")
def test_who_is_there_after_all_is_not_pushed_to(
    app: Flask, alice: Person, other: Sessions, worker: PushWorker
) -> None:
    enter(other, alice)
    fall_silent(other, 15)
    notify(alice)
    other.tell_alive()
    let_time_pass(app)
    assert work(worker) == {"seen": 1}


def test_who_came_to_a_process_that_was_killed_then_is_pushed_to_once_that_is_known(
    app: Flask, alice: Person, phone: Browser, other: Sessions, worker: PushWorker
) -> None:
    notify(alice, "Look")
    enter(other, alice)
    fall_silent(other, 15)
    waits_until_it_is_known_whether_a_process_lives(app, worker)
    crash(other)
    let_time_pass(app)
    assert work(worker) == {"sent": 1}
    assert phone.titles == ["Look"]


@pytest.mark.each_database
@pytest.mark.usefixtures("phone")
def test_to_look_whether_a_process_lives_is_no_attempt_to_send(
    app: Flask, alice: Person, other: Sessions, worker: PushWorker
) -> None:
    notify(alice)
    enter(other, alice)
    fall_silent(other, 15)
    assert work(worker) == {}
    ((attempts, _),) = waiting(app)
    assert attempts == 0


@pytest.mark.usefixtures("phone")
def test_a_process_that_is_late_twice_gave_a_sign_of_life_between_so_its_users_heard_it(
    app: Flask, alice: Person, other: Sessions, worker: PushWorker
) -> None:
    notify(alice)
    enter(other, alice)
    found = []
    for _ in range(2):
        fall_silent(other, 15)
        found.append(work(worker))
        let_time_pass(app)
    assert found == [{}, {"seen": 1}]
    assert waiting(app) == []
