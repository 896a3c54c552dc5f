"""What a request, a command and a connection leave in the log, and by what they are found there."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.config import Settings
from app.core.cause import current_cause
from app.core.rate_limits import RateLimit
from app.core.rate_windows import OwnWindows
from app.events.models import events
from app.extensions import db, socketio
from tests.integration.conftest import Person

Line = dict[str, Any]


@pytest.fixture
def lines(app: Flask) -> Iterator[list[Line]]:
    """What is logged from now on, with its context and what caused it; as in production, where nothing is at DEBUG."""
    del app
    found: list[Line] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append({"request_id": current_cause(), **vars(record), "text": record.getMessage()})

    logger, handler = logging.getLogger("app"), Keep()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(level)


def named(lines: list[Line], text: str) -> list[Line]:
    return [line for line in lines if line["text"] == text]


def test_a_socket_is_told_of_when_it_comes_and_when_it_goes_with_the_reason(person: Person, lines: list[Line]) -> None:
    person.connect().close()
    ((come), (gone)) = named(lines, "socket connected") + named(lines, "socket gone")
    assert come["user_id"] == gone["user_id"] == person.id
    assert come["sid"] == gone["sid"]
    assert gone["reason"] == "client disconnect"


def test_a_refused_join_is_told_of_with_its_code(person: Person, lines: list[Line]) -> None:
    person.connect().emit("join-team", "x")
    (line,) = named(lines, "join-team refused")
    assert (line["code"], line["user_id"]) == ("forbidden", person.id)
    assert line["request_id"]


def test_a_flood_of_refusals_is_a_line(person: Person, lines: list[Line]) -> None:
    socket = person.connect()
    for _ in range(50):
        socket.emit("join-department", "x")
    assert 1 <= len(named(lines, "join-department refused")) <= 5


def test_a_refused_connect_is_told_of(app: Flask, lines: list[Line]) -> None:
    socketio.test_client(app, auth={"token": "x"})
    (line,) = named(lines, "socket refused")
    assert line["code"] == "unauthenticated"
    assert line["request_id"]


def test_a_refused_login_is_told_of_without_what_was_sent(person: Person, lines: list[Line]) -> None:
    person.http.post("/api/auth/login", json={"email": "who@example.com", "password": "the-password"})
    (line,) = named(lines, "login refused")
    assert "the-password" not in str(line)
    assert "who@example.com" not in str(line)


def test_a_socket_that_the_server_ends_is_told_of_with_the_code(person: Person, lines: list[Line]) -> None:
    person.connect()
    person.post("/api/auth/logout")
    socketio.relay.drain()
    (line,) = named(lines, "socket ended")
    assert line["code"] == "token_revoked"


def test_requests_that_come_too_often_are_told_of(app: Flask, person: Person, lines: list[Line]) -> None:
    app.extensions["rate_limits"].requests = RateLimit(OwnWindows(), "requests", 1, 60)
    for _ in range(3):
        person.get("/api/tasks")
    (line,) = named(lines, "request refused")
    assert (line["code"], line["route"]) == ("rate_limited", "tasks.list_tasks")


def test_clients_that_are_dropped_because_they_read_too_slowly_are_a_warning(app: Flask, lines: list[Line]) -> None:
    del app
    for _ in range(3):
        socketio.hub.observer.dropped()
    (line,) = [line for line in lines if "too slowly" in line["text"]]
    assert line["levelname"] == "WARNING"


# --- the id of a request


def cause_of_the_last_event() -> str:
    return str(db.session.scalars(select(events.c.cause).order_by(events.c.id.desc()).limit(1)).one())


def notify(person: Person, headers: dict[str, str] | None = None) -> str:
    body = {"userId": person.id, "type": "t", "title": "T", "message": "M"}
    answer = person.post("/api/notifications", body, headers)
    assert answer.status_code == 201
    return answer.headers["X-Request-Id"]


def test_an_event_carries_the_id_of_the_request_that_caused_it_to_its_delivery(
    app: Flask, person: Person, lines: list[Line]
) -> None:
    logging.getLogger("app").setLevel(logging.DEBUG)
    request_id = notify(person)
    with app.app_context():
        assert cause_of_the_last_event() == request_id
    socketio.relay.drain()
    (line,) = named(lines, "new-notification delivered")
    assert line["request_id"] == request_id


def test_two_requests_have_two_ids(person: Person) -> None:
    assert notify(person) != notify(person)


def test_after_a_request_nothing_is_caused_by_it(person: Person) -> None:
    notify(person)
    assert current_cause() == ""


def test_who_calls_directly_does_not_choose_the_id(person: Person) -> None:
    assert notify(person, {"X-Request-Id": "mine"}) != "mine"


@pytest.mark.parametrize(
    ("given", "taken"), [("from-the-proxy.1", True), ("a b", False), ("x" * 65, False), ("", False)]
)
def test_a_trusted_proxy_does(settings: Settings, given: str, taken: bool) -> None:
    app = create_app(settings.model_copy(update={"trusted_proxies": 1}))
    answer = app.test_client().get("/health/live", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) is taken
