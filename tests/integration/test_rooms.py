"""``join-…`` and ``leave-…``: rights, acks, and what happens when a right ends."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import eventlet
import pytest
from flask import Flask
from sqlalchemy import QueuePool

from app.extensions import db, socketio
from app.people.models import Department, User
from app.realtime.allowance import Allowance
from app.realtime.connections import of_user
from tests.integration.conftest import NewPerson, Person
from tests.support.chat import CONVERSATIONS, start, write

pytestmark = pytest.mark.each_database

OWN_ROOMS = ["user", "notifications", "tasks", "analytics"]


def denied(ack: dict[str, Any]) -> bool:
    return ack["ok"] is False and ack["error"]["code"] == "forbidden"


@pytest.fixture
def department(app: Flask) -> str:
    with app.app_context():
        department = Department(name="D")
        db.session.add(department)
        db.session.commit()
        return department.id


def move_to(app: Flask, department_id: str, person: Person) -> None:
    with app.app_context():
        user = db.session.get(User, person.id)
        assert user is not None
        user.department_id = department_id
        db.session.commit()


@pytest.mark.parametrize("kind", OWN_ROOMS)
def test_the_own_room_is_joined_with_its_name_and_an_offset(person: Person, kind: str) -> None:
    assert person.connect().emit(f"join-{kind}", person.id) == {
        "ok": True,
        "room": f"{kind}-{person.id}",
        "offset": "0",
    }


@pytest.mark.parametrize("kind", OWN_ROOMS)
def test_the_room_of_another_is_denied(new_person: NewPerson, kind: str) -> None:
    assert denied(new_person().connect().emit(f"join-{kind}", new_person().id))


@pytest.mark.parametrize("kind", ["user", "notifications"])
def test_not_even_an_admin_hears_anothers_private_rooms(admin: Person, person: Person, kind: str) -> None:
    assert denied(admin.connect().emit(f"join-{kind}", person.id))


@pytest.mark.parametrize("kind", ["tasks", "analytics"])
def test_a_manager_hears_the_tasks_and_metrics_of_a_shared_team(new_person: NewPerson, team: str, kind: str) -> None:
    manager, member, stranger = new_person("manager", [team]), new_person(teams=[team]), new_person()
    assert manager.connect().emit(f"join-{kind}", member.id)["ok"]
    assert denied(manager.connect().emit(f"join-{kind}", stranger.id))
    assert denied(member.connect().emit(f"join-{kind}", manager.id))


@pytest.mark.parametrize("kind", ["tasks", "analytics"])
def test_an_admin_hears_the_tasks_and_metrics_of_all(admin: Person, person: Person, kind: str) -> None:
    assert admin.connect().emit(f"join-{kind}", person.id)["ok"]


def test_members_and_admins_hear_a_team(new_person: NewPerson, team: str) -> None:
    assert new_person(teams=[team]).connect().emit("join-team", team)["ok"]
    assert new_person("admin").connect().emit("join-team", team)["ok"]
    assert denied(new_person("manager").connect().emit("join-team", team))


def test_members_and_admins_hear_a_department(app: Flask, new_person: NewPerson, department: str) -> None:
    member = new_person()
    move_to(app, department, member)
    assert member.connect().emit("join-department", department)["ok"]
    assert new_person("admin").connect().emit("join-department", department)["ok"]
    assert denied(new_person().connect().emit("join-department", department))


@pytest.mark.parametrize("kind", ["team", "department", "tasks", "analytics", "chat"])
def test_a_room_of_something_that_does_not_exist_is_denied_even_to_admins(admin: Person, kind: str) -> None:
    assert denied(admin.connect().emit(f"join-{kind}", "nothing"))


def test_participants_alone_hear_a_conversation(new_person: NewPerson) -> None:
    one, other, stranger = new_person(), new_person(), new_person("admin")
    chat = one.post("/api/chat/conversations", {"participantIds": [other.id]}).get_json()["id"]
    assert other.connect().emit("join-chat", chat)["ok"]
    assert denied(stranger.connect().emit("join-chat", chat))


@pytest.mark.parametrize("argument", [None, 1, True, {"id": "x"}, ["x"], "", "x" * 65])
@pytest.mark.parametrize("command", ["join-user", "join-chat", "leave-team"])
def test_an_argument_that_is_no_id_is_not_valid(person: Person, command: str, argument: Any) -> None:
    ack = person.connect().emit(command, argument)
    assert (ack["ok"], ack["error"]["code"]) == (False, "validation_failed")


@pytest.mark.parametrize("arguments", [(), ("x", {"since": 1}), ("x", {"other": "1"}), ("x", "1"), ("x", {}, {})])
def test_other_arguments_than_an_id_and_options_are_not_valid(person: Person, arguments: tuple[Any, ...]) -> None:
    assert person.connect().emit("join-user", *arguments)["error"]["code"] == "validation_failed"


def test_a_refusal_without_ack_is_an_error_event(person: Person) -> None:
    socket = person.connect()
    socket.emit_without_ack("join-user", "somebody-else")
    ((name, payload),) = socket.heard()
    assert name == "error"
    assert payload == {
        "code": "forbidden",
        "message": "You may not join this room.",
        "details": {},
        "event": "join-user",
    }


def test_a_command_that_nobody_declared_is_not_found(person: Person) -> None:
    assert person.connect().emit("make-coffee")["error"]["code"] == "not_found"


def test_a_room_that_was_left_is_not_heard(person: Person) -> None:
    socket = person.connect()
    socket.emit("join-notifications", person.id)
    assert socket.emit("leave-notifications", person.id) == {"ok": True, "room": f"notifications-{person.id}"}
    person.post("/api/notifications", {"userId": person.id, "type": "note", "title": "T", "message": "M"})
    assert socket.heard() == []


def test_nothing_was_missed_since_the_current_offset(person: Person) -> None:
    socket = person.connect()
    offset = socket.emit("join-user", person.id)["offset"]
    assert "gap" not in socket.emit("join-user", person.id, {"since": offset})


def test_an_offset_that_can_not_be_caught_up_with_is_a_gap(person: Person) -> None:
    assert person.connect().emit("join-user", person.id, {"since": "unknown"})["gap"] is True


def test_what_another_process_has_told_a_client_is_not_told_again_by_one_that_is_behind(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.post("/api/notifications", {"userId": person.id, "type": "note", "title": "T", "message": "M"})
    socket, newest = person.connect(), socketio.hub.seq
    monkeypatch.setattr(socketio.hub, "seq", newest - 1)
    eventlet.spawn_after(0.1, setattr, socketio.hub, "seq", newest)
    assert "gap" not in socket.emit("join-user", person.id, {"since": str(newest)})
    assert socketio.hub.seq == newest


def test_the_129th_room_is_refused(app: Flask, admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Allowance, "take", lambda _: None)
    socket = admin.connect()
    with app.app_context():
        users = [User(email=f"u{i}@x.org", name="U", password_hash="-") for i in range(129)]
        db.session.add_all(users)
        db.session.commit()
        ids = [user.id for user in users]
    acks = [socket.emit("join-tasks", id) for id in ids]
    assert [ack["ok"] for ack in acks] == [True] * 128 + [False]
    assert acks[-1]["error"]["code"] == "rate_limited"
    assert socket.emit("join-tasks", ids[0])["ok"], "a room it is in already is not one more"


# --- a right that ends


def test_who_is_removed_from_a_team_leaves_its_room_at_once(new_person: NewPerson, team: str, admin: Person) -> None:
    member = new_person(teams=[team])
    socket = member.connect()
    socket.emit("join-team", team)
    admin.delete(f"/api/teams/{team}/members/{member.id}")
    assert socket.heard() == [("room-left", {"room": f"team-{team}", "reason": "removed"})]
    admin.post("/api/tasks", {"title": "canary", "teamId": team})
    assert socket.heard() == []


def test_a_manager_no_longer_hears_the_tasks_of_who_left_the_team(new_person: NewPerson, team: str) -> None:
    manager, member = new_person("manager", [team]), new_person(teams=[team])
    socket = manager.connect()
    socket.emit("join-tasks", member.id)
    manager.delete(f"/api/teams/{team}/members/{member.id}")
    assert socket.heard() == [("room-left", {"room": f"tasks-{member.id}", "reason": "removed"})]


def test_who_is_no_longer_a_manager_leaves_the_rooms_of_others_and_has_to_connect_again(
    new_person: NewPerson, team: str, admin: Person
) -> None:
    manager, member = new_person("manager", [team]), new_person(teams=[team])
    socket = manager.connect()
    for command, id in (("join-analytics", member.id), ("join-tasks", manager.id), ("join-team", team)):
        assert socket.emit(command, id)["ok"]
    admin.patch(f"/api/users/{manager.id}", {"role": "member"})
    left, (event, why) = socket.heard()
    assert left == ("room-left", {"room": f"analytics-{member.id}", "reason": "role_changed"})
    assert (event, why["code"], socket.connected) == ("error", "role_changed", False)


def test_who_moves_to_another_department_leaves_the_room_of_the_first(
    app: Flask, new_person: NewPerson, department: str, admin: Person
) -> None:
    member = new_person()
    move_to(app, department, member)
    socket = member.connect()
    socket.emit("join-department", department)
    other = admin.post("/api/departments", {"name": "Other"}).get_json()["id"]
    assert admin.put(f"/api/departments/{other}/members/{member.id}").status_code == 204
    assert socket.heard() == [("room-left", {"room": f"department-{department}", "reason": "removed"})]


def test_who_leaves_a_conversation_hears_no_later_message(new_person: NewPerson) -> None:
    one, other = new_person(), new_person()
    chat = one.post("/api/chat/conversations", {"participantIds": [other.id]}).get_json()["id"]
    sockets = [other.connect("/ws/chat"), other.connect()]
    sockets[1].emit("join-chat", chat)
    one.delete(f"/api/chat/conversations/{chat}/participants/{other.id}")
    one.post(f"/api/chat/conversations/{chat}/messages", {"content": "canary"})
    for socket in sockets:
        assert socket.heard() == [("room-left", {"room": f"chat-{chat}", "reason": "removed"})]


def test_the_chat_namespace_hears_conversations_begun_later(new_person: NewPerson) -> None:
    one, other = new_person(), new_person()
    socket = other.connect("/ws/chat")
    chat = one.post("/api/chat/conversations", {"participantIds": [other.id]}).get_json()["id"]
    one.post(f"/api/chat/conversations/{chat}/messages", {"content": "hello"})
    assert [payload["content"] for _, payload in socket.heard("new-message")] == ["hello"]


def test_a_socket_in_several_rooms_of_an_event_hears_it_once(new_person: NewPerson, team: str) -> None:
    member = new_person(teams=[team])
    socket = member.connect()
    socket.emit("join-team", team)
    socket.emit("join-tasks", member.id)
    member.post("/api/tasks", {"title": "T", "teamId": team, "assigneeId": member.id})
    assert len(socket.heard("task-assigned")) == 1


@pytest.mark.parametrize("options", [{}, {"since": "0"}])
def test_a_socket_that_is_closed_during_its_join_is_in_no_room(
    person: Person, options: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    socket = person.connect()

    def close(*_: object) -> bool:
        for connection in list(of_user(person.id)):
            socketio.server.disconnect(connection.sid)
        return True

    monkeypatch.setattr("app.realtime.commands.may_hear", close)
    assert not socket.emit("join-tasks", person.id, options)
    assert not socketio.hub.rooms.get("/")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_join_holds_no_connection_to_the_database_while_it_takes_another(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two a join, as many joins at once as there are connections would all wait for their second one."""
    held = []

    def look(call: Callable[..., Any], *arguments: Any) -> Any:
        pool = db.engine.pool
        assert isinstance(pool, QueuePool)
        held.append(pool.checkedout())
        return call(*arguments)

    socket = person.connect()
    for name in ("enter", "look_back"):
        monkeypatch.setattr(socketio.recovery, name, partial(look, getattr(socketio.recovery, name)))
    assert socket.emit("join-tasks", person.id, {"since": "0"})["ok"]
    assert held == [0, 0]


@pytest.mark.parametrize("read", ["kept", "all_after"])
def test_who_is_removed_from_a_conversation_while_its_past_is_read_does_not_join_it(
    new_person: NewPerson, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob, alice = new_person(), new_person()
    conversation = start(bob, alice)
    write(bob, conversation, "before")
    socket, read_it = alice.connect(), getattr(socketio.history, read)

    def read_slowly(*arguments: Any) -> Any:
        found = read_it(*arguments)
        eventlet.spawn(remove).wait()
        return found

    def remove() -> None:
        bob.delete(f"{CONVERSATIONS}/{conversation}/participants/{alice.id}")
        socketio.relay.drain()

    monkeypatch.setattr(socketio.history, read, read_slowly)
    assert denied(socket.emit("join-chat", conversation, {"since": "0"}))
    write(bob, conversation, "behind")
    assert socket.heard("new-message") == []


def test_the_rooms_that_a_namespace_stands_for_do_not_count(app: Flask, new_person: NewPerson) -> None:
    app.extensions["settings"] = app.extensions["settings"].model_copy(update={"rooms_per_socket": 1})
    bob, alice = new_person(), new_person()
    conversation = start(bob, alice)
    socket = alice.connect("/ws/chat")
    assert socket.emit("join-chat", conversation)["ok"]
    assert socket.emit("join-user", alice.id)["ok"]
    assert socket.emit("join-tasks", alice.id)["error"]["code"] == "rate_limited"
