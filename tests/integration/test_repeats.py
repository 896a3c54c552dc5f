"""A request that is sent again with its `Idempotency-Key` while the first still runs."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.auth.guard import authenticated
from app.core.api import returns
from app.core.errors import Conflict
from app.core.idempotency import idempotent
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

    def both(self, request: Callable[[], TestResponse]) -> tuple[TestResponse, TestResponse]:
        """The answers to two requests, of which the second is sent while the first is carried out."""
        with ThreadPoolExecutor(2) as pool:
            first: Future[TestResponse] = pool.submit(request)
            assert self.begun.acquire(timeout=5)
            second = pool.submit(request)
            alone = not self.begun.acquire(timeout=OVERLAP)
            self._go_on.set()
            assert alone, "both were carried out at the same time"
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
