"""``flask rooms``, ``connections``, ``listen``, ``emit``, ``events trim`` and ``seed``."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.cli import heard as stored
from app.cli import listen as listening
from app.core.clock import now
from app.events.models import events
from app.extensions import db, socketio
from app.tasks.models import Task
from tests.integration.conftest import Person, operator
from tests.support.command_line import run, told

pytestmark = pytest.mark.each_database


def notify(person: Person, title: str = "T") -> None:
    body = {"userId": person.id, "type": "t", "title": title, "message": "M"}
    assert person.post("/api/notifications", body).status_code == 201
    socketio.relay.drain()


def email_of(person: Person) -> str:
    return str(person.get("/api/auth/me").get_json()["email"])


# --- who is connected


def test_rooms_are_listed_by_their_sockets(app: Flask, member: Person, team: str) -> None:
    socketio.sessions.tell_alive()
    for _ in range(2):
        assert member.connect().emit("join-team", team)["ok"]
    found = [item for item in told(app, "rooms")["items"] if not item["room"].startswith("@")]
    assert found == [{"room": f"team-{team}", "sockets": 2}]
    assert f"team-{team}" in run(app, "rooms").output


def test_connections_are_listed_with_their_rooms(app: Flask, member: Person, manager: Person) -> None:
    socketio.sessions.tell_alive()
    member.connect("/ws/tasks")
    manager.connect()
    (item,) = told(app, "connections", "--user", email_of(member))["items"]
    assert item["rooms"] == [f"tasks-{member.id}"]
    assert (item["userId"], item["namespace"], item["away"]) == (member.id, "/ws/tasks", False)
    assert item["process"] == socketio.sessions.process
    assert len(told(app, "connections")["items"]) == 2
    assert len(told(app, "connections", "--limit", "1")["items"]) == 1
    assert "/ws/tasks" in run(app, "connections").output


def test_connections_of_nobody_are_refused(app: Flask) -> None:
    assert run(app, "connections", "--user", "x@example.com").exit_code == 1


# --- listening


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "EVERY", 0.01)


def heard(app: Flask, *arguments: str) -> list[dict[str, Any]]:
    result = run(app, "listen", *arguments, "--seconds", "0.02", "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_events_of_rooms_are_printed_in_order_each_once(app: Flask, person: Person) -> None:
    for title in "ab":
        notify(person, title)
    person.post("/api/tasks", {"title": "c", "assigneeId": person.id})
    socketio.relay.drain()
    found = heard(app, f"notifications-{person.id}", f"tasks-{person.id}", "--after", "0")
    assert [event["event"] for event in found][:2] == ["new-notification"] * 2
    assert found[2]["payload"]["title"] == "c"
    offsets = [int(event["offset"]) for event in found]
    assert offsets == sorted(set(offsets))


def test_of_rooms_with_more_events_than_one_look_shows_none_is_missed(
    app: Flask, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in "abc":
        notify(person, title)
    person.post("/api/tasks", {"title": "d"})
    socketio.relay.drain()
    rooms = f"notifications-{person.id}", f"tasks-{person.id}"
    whole = heard(app, *rooms, "--after", "0")
    monkeypatch.setattr(stored, "AT_ONCE", 2)
    assert heard(app, *rooms, "--after", "0") == whole


def test_what_is_no_longer_kept_is_told_of(app: Flask, person: Person) -> None:
    notify(person)
    notify(person)
    with app.app_context():
        db.session.execute(update(events).values(created_at=now() - timedelta(days=2)))
        db.session.commit()
    told(app, "events", "trim")
    result = run(app, "events", "replay", f"notifications-{person.id}", "--after", "0", "--json")
    assert (result.exit_code, result.stderr[:29]) == (0, "What is older than offset 2 i")


def test_a_replay_prints_what_is_stored_and_ends(app: Flask, person: Person) -> None:
    for title in "abc":
        notify(person, title)
    room = f"notifications-{person.id}"
    for options, titles in ([], "abc"), (["--after", "1"], "bc"), (["--limit", "2"], "ab"), (["--after", "3"], ""):
        lines = run(app, "events", "replay", room, *options, "--json").stdout.splitlines()
        assert [json.loads(line)["payload"]["title"] for line in lines] == list(titles)


def test_without_after_only_what_comes_is_printed(app: Flask, person: Person) -> None:
    notify(person)
    assert heard(app, f"notifications-{person.id}") == []


def test_for_people_a_line_has_time_offset_name_room_and_payload(app: Flask, person: Person) -> None:
    notify(person, "Hello [bold]you[/]")
    room = f"notifications-{person.id}"
    line = run(app, "listen", room, "--after", "0", "--seconds", "0.02").output
    assert "new-notification" in line
    assert room in line
    assert "Hello [bold]you[/]" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["kitchen"],
        ["team-1", "--after", "-1"],
        ["team-1", "--url", "http://127.0.0.1:3000"],
        ["team-1", "--as", "a@example.com"],
        ["team-1", "--url", "127.0.0.1:3000", "--token", "t"],
        ["team-1", "--url", "http://127.0.0.1:port", "--token", "t"],
        ["team-1", "--url", "http://127.0.0.1:3000", "--token", "t", "--as", "a@example.com"],
    ],
)
def test_what_can_not_be_listened_to_is_refused(app: Flask, arguments: list[str]) -> None:
    assert run(app, "listen", *arguments, "--seconds", "0.02").exit_code == 2


# --- emitting


def test_an_event_of_the_catalogue_is_heard_as_if_it_had_happened(app: Flask, person: Person) -> None:
    socket = person.connect("/ws/notifications")
    data = {"userId": person.id, "id": "n", "unreadCount": 3}
    answer = told(app, "emit", "notification-deleted", json.dumps(data))
    assert answer == {"event": "notification-deleted", "rooms": [f"notifications-{person.id}"], "durable": True}
    assert socket.heard() == [("notification-deleted", {"id": "n", "unreadCount": 3})]


def test_what_is_emitted_is_in_the_audit_trail_without_what_it_says(app: Flask, admin: Person) -> None:
    told(app, "emit", "notification-deleted", json.dumps({"userId": "u", "id": "secret", "unreadCount": 3}))
    (entry,) = admin.get("/api/audit?action=event_emitted").get_json()["items"]
    assert entry["actorId"] == operator()
    assert entry["details"] == {"event": "notification-deleted", "rooms": "notifications-u"}


@pytest.mark.parametrize(
    ("event", "data", "code", "said"),
    [
        ("no-such-event", "{}", 2, "there are"),
        ("error", "{}", 2, "there are"),
        ("notification-deleted", "{}", 1, "unreadCount"),
        ("notification-deleted", "[", 1, "DATA"),
        ("notification-deleted", '{"userId": "x\\u0000", "id": "y", "unreadCount": 0}', 1, "U+0000"),
        ("user-typing", '{"conversationId": "c", "userId": "u", "typing": true}', 1, "without Redis"),
    ],
)
def test_what_can_not_be_emitted_is_refused_in_words(app: Flask, event: str, data: str, code: int, said: str) -> None:
    result = run(app, "emit", event, data)
    assert (result.exit_code, said in result.output) == (code, True), result.output


def test_nothing_comes_of_an_event_that_was_emitted_but_that_it_is_heard(app: Flask, person: Person) -> None:
    task = person.post("/api/tasks", {"title": "T"}).get_json()
    socket = person.connect("/ws/tasks")
    socketio.relay.drain()
    socket.heard()
    told(app, "emit", "task-assigned", json.dumps(task | {"actorId": "somebody", "assigneeId": person.id}))
    assert [name for name, _ in socket.heard()] == ["task-assigned"]
    assert person.get("/api/notifications").get_json()["items"] == []


# --- trimming and filling


def test_what_is_too_old_is_trimmed(app: Flask, person: Person) -> None:
    for _ in range(3):
        notify(person)
    with app.app_context():
        db.session.execute(update(events).values(created_at=now() - timedelta(days=2)))
        db.session.commit()
    kept = told(app, "events")["kept"]
    assert told(app, "events", "trim") == {"deleted": kept - 1}  # the newest holds the count
    assert told(app, "events")["kept"] == 1


def test_that_events_were_trimmed_is_in_the_audit_trail(app: Flask, admin: Person) -> None:
    told(app, "events", "trim")
    (entry,) = admin.get("/api/audit?action=events_deleted").get_json()["items"]
    assert (entry["actorId"], entry["details"]) == (operator(), {"count": "0"})


def test_demo_data_is_made_of_any_size(app: Flask) -> None:
    sizes = ("--users", "6", "--teams", "2", "--tasks", "30")
    made = [told(app, "seed", *sizes, "--random-seed", seed) for seed in ("1", "2")]
    assert [(one["users"], one["tasks"]) for one in made] == [(6, 30)] * 2
    assert [one["first"] for one in made] == ["user0@seed1.example.com", "user0@seed2.example.com"]
    with app.app_context():
        assert db.session.query(Task).count() == 60
        assert {task.completed_at is None for task in db.session.query(Task)} == {True, False}


def test_the_same_demo_data_is_not_made_twice(app: Flask) -> None:
    sizes = ("--users", "2", "--teams", "1", "--tasks", "1")
    told(app, "seed", *sizes)
    result = run(app, "seed", *sizes)
    assert result.exit_code == 1
    assert "--random-seed" in result.output


@pytest.mark.parametrize("command", [["rooms"], ["connections"], ["users", "list"]])
def test_fewer_than_one_is_no_limit(app: Flask, command: list[str]) -> None:
    assert run(app, *command, "--limit", "-1").exit_code == 2
