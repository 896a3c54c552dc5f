"""``GET /api/events``: what was published to a room, from an offset on."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.core.clock import now
from app.engine.history import Bound
from app.events.models import events
from app.extensions import db, socketio
from tests.integration.conftest import NewPerson, Person, error_code


def notify(person: Person, title: str) -> None:
    form = {"userId": person.id, "type": "note", "title": title, "message": "-"}
    assert person.post("/api/notifications", form).status_code == 201


@pytest.fixture
def room(person: Person) -> str:
    """The room of a person's notifications, which three events were published to, with others between."""
    for title in "abc":
        notify(person, title)
        person.post("/api/tasks", {"title": "another room"})
    socketio.relay.drain()
    return f"notifications-{person.id}"


def past(person: Person, room: str, **query: Any) -> dict[str, Any]:
    parameters = "".join(f"&{name}={value}" for name, value in query.items())
    answer = person.get(f"/api/events?room={room}{parameters}")
    assert answer.status_code == 200, answer.get_json()
    body: dict[str, Any] = answer.get_json()
    return body


def titles(body: dict[str, Any]) -> list[str]:
    return [item["payload"]["title"] for item in body["items"]]


def test_without_an_offset_it_begins_with_the_oldest(person: Person, room: str) -> None:
    body = past(person, room)
    assert (titles(body), body["gap"]) == (["a", "b", "c"], False)


def test_an_event_has_its_name_its_payload_its_offset_its_room_and_its_time(person: Person, room: str) -> None:
    item = past(person, room)["items"][0]
    assert set(item) == {"event", "payload", "offset", "room", "createdAt"}
    assert (item["event"], item["room"]) == ("new-notification", room)
    assert item["createdAt"].endswith("Z")


def test_one_goes_on_with_the_last_offset(person: Person, room: str) -> None:
    first = past(person, room, limit=2)
    assert titles(first) == ["a", "b"]
    rest = past(person, room, limit=2, after=first["items"][-1]["offset"])
    assert titles(rest) == ["c"]
    assert past(person, room, after=rest["items"][-1]["offset"]) == {"items": [], "gap": False}


def test_what_is_older_than_it_is_to_be_kept_is_trimmed_and_an_offset_before_it_is_a_gap(
    app: Flask, person: Person, room: str
) -> None:
    with app.app_context():
        db.session.execute(update(events).where(events.c.seq <= 3).values(created_at=now() - timedelta(hours=25)))
        db.session.commit()
    assert socketio.history.trim() == 3
    assert past(person, room, after="1") == {"items": [], "gap": True}
    assert titles(past(person, room)) == ["c"]


def test_trimming_goes_on_until_all_that_is_old_is_gone(
    app: Flask, person: Person, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.history.TRIMMED_AT_ONCE", 2)
    with app.app_context():
        db.session.execute(update(events).where(events.c.seq <= 5).values(created_at=now() - timedelta(hours=25)))
        db.session.commit()
    assert socketio.history.trim() == 5
    assert socketio.history.kept().floor == 5
    assert past(person, room) == {"items": [], "gap": False}


def test_the_newest_event_is_kept_however_old_so_that_numbers_go_on(app: Flask, person: Person, room: str) -> None:
    newest = past(person, room)["items"][-1]["offset"]
    with app.app_context():
        db.session.execute(update(events).values(created_at=now() - timedelta(hours=25)))
        db.session.commit()
    socketio.history.trim()
    notify(person, "d")
    socketio.relay.drain()
    assert int(past(person, room)["items"][-1]["offset"]) > int(newest)


@pytest.mark.parametrize("chunk", [1, 2, 3, 500])
def test_all_that_was_missed_is_read_in_order_however_it_is_divided(
    chunk: int, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.history.CHUNK", chunk)  # how many are fetched at a time
    found = socketio.history.all_after([room], 0, Bound(events=3, characters=10_000))
    assert found is not None
    assert [json.loads(envelope.payload)["title"] for envelope in found] == ["a", "b", "c"]


@pytest.mark.parametrize("bound", [Bound(events=2, characters=10_000), Bound(events=3, characters=100)])
def test_more_than_the_bound_is_not_read(bound: Bound, room: str) -> None:
    assert socketio.history.all_after([room], 0, bound) is None


def test_an_offset_that_was_never_given_is_a_gap(person: Person, room: str) -> None:
    assert past(person, room, after="999") == {"items": [], "gap": True}


def test_an_offset_of_a_replay_counts_for_its_room_by_how_far_that_had_come(person: Person, room: str) -> None:
    assert titles(past(person, room, after=f"5:1:7:{room}")) == ["b", "c"]


@pytest.mark.parametrize("name", ["kitchen-1", "", "notifications-", "@user:1"])
def test_what_is_no_room_is_not_found(person: Person, name: str) -> None:
    assert error_code(person.get(f"/api/events?room={name}")) == (404, "not_found")


def test_the_room_of_another_is_not_found(new_person: NewPerson, room: str) -> None:
    assert error_code(new_person().get(f"/api/events?room={room}")) == (404, "not_found")


@pytest.mark.parametrize("query", ["", "room=user-1&limit=0", "room=user-1&limit=101", "room=user-1&other=1"])
def test_a_query_that_is_none_is_not_valid(person: Person, query: str) -> None:
    assert error_code(person.get(f"/api/events?{query}")) == (400, "validation_failed")


def test_an_offset_that_is_none_is_not_valid(person: Person, room: str) -> None:
    assert error_code(person.get(f"/api/events?room={room}&after=x")) == (400, "validation_failed")
