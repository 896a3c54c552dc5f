"""A request that is sent again with its `Idempotency-Key` while the first still runs."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.auth.guard import authenticated
from app.core.api import returns
from app.core.clock import now
from app.core.errors import Conflict
from app.core.idempotency import IdempotencyKey, idempotent
from app.extensions import db
from app.people.models import Team
from app.people.schemas import Group
from tests.integration.conftest import Person
from tests.support.crowd import at_once

pytestmark = pytest.mark.each_database

KEY = {"Idempotency-Key": "k"}
OVERLAP = 0.5  # seconds in which a second request would be carried out, if it did not wait


class Slow:
    """A route whose requests are carried out when they are let go on; the first fails, if it is told to.

    Attributes:
        begun: how many requests are, or were, carried out.
    """

    def __init__(self, app: Flask) -> None:
        self.begun = threading.Semaphore(0)
        self.fails = False
        self._go_on = threading.Event()
        self._numbers = iter(range(1, 9))

        @app.post("/slow")
        @authenticated
        @idempotent
        @returns(Group, 201)
        def slow() -> Team:
            """Make nothing, slowly."""
            number = next(self._numbers)
            self.begun.release()
            self._go_on.wait(5)
            if self.fails and number == 1:
                raise Conflict("The first fails.")
            return Team(id=str(number), name="-")

    def both(
        self, request: Callable[[], TestResponse], meanwhile: Callable[[], object] = lambda: None
    ) -> tuple[TestResponse, TestResponse]:
        """The answers to two requests, of which the second is sent while the first is carried out.

        Args:
            meanwhile: is called while the second waits, and must not wait for the first.
        """
        with ThreadPoolExecutor(2) as pool:
            first: Future[TestResponse] = pool.submit(request)
            assert self.begun.acquire(timeout=5)
            second = pool.submit(request)
            alone = not self.begun.acquire(timeout=OVERLAP)
            meanwhile()
            waited = first.done()
            self._go_on.set()
            assert alone, "both were carried out at the same time"
            assert not waited, "what was done meanwhile waited for the first"
            return first.result(), second.result()


@pytest.fixture
def slow(app: Flask) -> Slow:
    return Slow(app)


def test_it_waits_for_the_first_and_is_answered_the_same(slow: Slow, person: Person) -> None:
    first, second = slow.both(partial(person.post, "/slow", {}, KEY))
    assert (first.status_code, first.get_json()["id"]) == (201, "1")
    assert (second.status_code, second.get_json()) == (201, first.get_json())


def test_it_is_carried_out_if_the_first_failed(slow: Slow, person: Person) -> None:
    slow.fails = True
    first, second = slow.both(partial(person.post, "/slow", {}, KEY))
    assert first.status_code == 409
    assert (second.status_code, second.get_json()["id"]) == (201, "2")


def test_sent_many_times_at_once_it_creates_once(person: Person) -> None:
    answers = at_once(*[partial(person.post, "/api/tasks", {"title": "One"}, KEY)] * 8)
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert len(person.get("/api/tasks").get_json()["items"]) == 1


# --- old keys


def make_task(person: Person, key: str) -> TestResponse:
    return person.post("/api/tasks", {"title": "One"}, {"Idempotency-Key": key})


def age(app: Flask, hours: float) -> None:
    """Let all keys have been sent that long ago."""
    with app.app_context():
        db.session.execute(update(IdempotencyKey).values(created_at=now() - timedelta(hours=hours)))
        db.session.commit()


def keys(app: Flask) -> set[str]:
    with app.app_context():
        return {kept.key for kept in db.session.query(IdempotencyKey)}


def test_an_old_key_is_unknown_until_it_is_sent_again(app: Flask, person: Person) -> None:
    first = make_task(person, "old").get_json()
    age(app, 23)
    assert make_task(person, "old").get_json() == first
    age(app, 25)
    second = person.post("/api/tasks", {"title": "Another"}, {"Idempotency-Key": "old"})
    assert (second.status_code, second.get_json()["title"]) == (201, "Another")
    third = person.post("/api/tasks", {"title": "Another"}, {"Idempotency-Key": "old"})
    assert third.get_json() == second.get_json()


def test_old_keys_are_removed_by_whoever_sends_one(app: Flask, person: Person) -> None:
    make_task(person, "old")
    age(app, 25)
    make_task(person, "new")
    assert keys(app) == {"new"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer
def test_while_it_waits_others_are_answered_though_there_are_old_keys(app: Flask, slow: Slow, person: Person) -> None:
    make_task(person, "old")
    make_task(person, "older")
    age(app, 25)
    others: list[int] = []

    def send_others() -> None:
        others.extend(make_task(person, key).status_code for key in ("old", "new"))

    first, second = slow.both(partial(person.post, "/slow", {}, KEY), send_others)
    assert others == [201, 201]
    assert first.get_json() == second.get_json()
    assert keys(app) == {"k", "old", "new"}
