"""Who may connect, and what ends a connection. What a refused client is told is shown in tests/e2e."""

from typing import Any

import pytest
from flask import Flask

from app.extensions import socketio
from app.realtime.connections import _connections
from tests.integration.conftest import NewPerson, Person


def connects(app: Flask, auth: Any, namespace: str = "/") -> bool:
    client = socketio.test_client(app, namespace=namespace, auth=auth)
    return bool(client.is_connected(namespace))


@pytest.mark.parametrize("namespace", ["/", "/ws/notifications", "/ws/chat", "/ws/tasks", "/ws/analytics"])
def test_an_access_token_opens_every_namespace(app: Flask, person: Person, namespace: str) -> None:
    assert connects(app, {"token": person.token}, namespace)


@pytest.mark.parametrize("auth", [None, {}, [], "x", {"token": None}, {"token": 1}, {"token": ""}, {"token": "a.b.c"}])
def test_without_a_valid_token_nobody_gets_in_and_nothing_is_remembered(app: Flask, auth: Any) -> None:
    _connections.clear()
    assert not connects(app, auth)
    assert _connections == {}


def test_a_refresh_token_does_not_open_a_socket(app: Flask, person: Person) -> None:
    assert not connects(app, {"token": person.refresh_token})


def test_a_token_of_an_ended_login_does_not_open_a_socket(app: Flask, person: Person) -> None:
    assert person.post("/api/auth/logout").status_code == 204
    assert not connects(app, {"token": person.token})


def test_logout_tells_the_sockets_of_that_login_and_disconnects_them(person: Person) -> None:
    socket = person.connect()
    person.post("/api/auth/logout")
    ((name, payload),) = socket.heard()
    assert (name, payload["code"]) == ("error", "token_revoked")
    assert "event" not in payload
    assert not socket.connected


def test_logout_leaves_the_sockets_of_others_alone(new_person: NewPerson) -> None:
    one, other = new_person(), new_person()
    socket = other.connect()
    one.post("/api/auth/logout")
    assert socket.heard() == []
    assert socket.connected


def test_deactivation_disconnects_every_socket_of_the_user(admin: Person, person: Person) -> None:
    sockets = [person.connect(), person.connect("/ws/tasks")]
    assert admin.patch(f"/api/users/{person.id}", {"active": False}).status_code == 200
    assert [socket.heard("error")[0][1]["code"] for socket in sockets] == ["token_revoked"] * 2
    assert not any(socket.connected for socket in sockets)


def test_a_namespace_of_a_channel_is_in_the_own_room_from_the_start(person: Person) -> None:
    socket = person.connect("/ws/notifications")
    person.post("/api/notifications", {"userId": person.id, "type": "note", "title": "T", "message": "M"})
    assert [name for name, _ in socket.heard()] == ["new-notification"]


def test_refresh_auth_keeps_the_connection_with_a_newer_token(person: Person) -> None:
    socket = person.connect()
    ack = socket.emit("refresh-auth", {"token": person.token})
    assert ack["ok"] is True
    assert ack["expiresAt"].endswith("Z")


def test_refresh_auth_with_the_token_of_another_user_is_forbidden(new_person: NewPerson) -> None:
    one, other = new_person(), new_person()
    ack = one.connect().emit("refresh-auth", {"token": other.token})
    assert (ack["ok"], ack["error"]["code"]) == (False, "forbidden")


@pytest.mark.parametrize(("token", "code"), [("x", "unauthenticated"), (None, "validation_failed")])
def test_refresh_auth_with_a_bad_token_is_refused(person: Person, token: Any, code: str) -> None:
    assert person.connect().emit("refresh-auth", {"token": token})["error"]["code"] == code
