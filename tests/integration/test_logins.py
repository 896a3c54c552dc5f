"""``/api/auth/logins``: where one is logged in, and ending that."""

from typing import Any

import pytest
from flask import Flask

from app.auth.models import Login
from app.auth.tokens import access_token
from app.core.clock import now
from app.extensions import db
from tests.integration.conftest import Person, error_code


@pytest.fixture
def elsewhere(app: Flask, person: Person) -> str:
    """The id of another login of the person."""
    with app.app_context():
        login = Login(user_id=person.id, expires_at=db.session.get_one(Login, person.login_id).expires_at)
        db.session.add(login)
        db.session.commit()
        return login.id


def logins(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.get("/api/auth/logins").get_json()["items"]
    return items


def test_the_newest_login_is_first_and_ones_own_is_marked(person: Person, elsewhere: str) -> None:
    assert [(login["id"], login["current"]) for login in logins(person)] == [
        (elsewhere, False),
        (person.login_id, True),
    ]
    assert set(logins(person)[0]) == {"id", "createdAt", "expiresAt", "connected", "current"}


@pytest.mark.usefixtures("elsewhere")
def test_a_login_with_a_socket_is_connected(person: Person) -> None:
    person.connect()
    assert [login["connected"] for login in logins(person)] == [False, True]


def test_a_socket_with_a_newer_token_is_of_the_login_of_that(app: Flask, person: Person, elsewhere: str) -> None:
    socket = person.connect()
    with app.app_context():
        token = access_token(db.session.get_one(Login, elsewhere))
    assert socket.emit("refresh-auth", {"token": token})["ok"]
    assert [login["connected"] for login in logins(person)] == [True, False]


@pytest.mark.parametrize("field", ["revoked_at", "expires_at"])
def test_a_login_that_is_over_is_not_listed(app: Flask, person: Person, elsewhere: str, field: str) -> None:
    with app.app_context():
        db.session.query(Login).filter_by(id=elsewhere).update({field: now()})
        db.session.commit()
    assert [login["id"] for login in logins(person)] == [person.login_id]


def test_ending_a_login_revokes_it_and_leaves_the_others(person: Person, elsewhere: str) -> None:
    answer = person.delete(f"/api/auth/logins/{elsewhere}")
    assert (answer.status_code, answer.data) == (204, b"")
    assert [login["id"] for login in logins(person)] == [person.login_id]


def test_ending_the_login_that_one_asks_with_disconnects_and_revokes_it(person: Person) -> None:
    socket = person.connect()
    assert person.delete(f"/api/auth/logins/{person.login_id}").status_code == 204
    assert [payload["code"] for _, payload in socket.heard("error")] == ["token_revoked"]
    assert error_code(person.get("/api/auth/me")) == (401, "token_revoked")


def test_the_end_of_a_login_is_in_the_audit_trail(admin: Person, person: Person, elsewhere: str) -> None:
    person.delete(f"/api/auth/logins/{elsewhere}")
    [entry] = admin.get("/api/audit?action=logged_out").get_json()["items"]
    assert entry["actorId"] == person.id


def test_a_login_that_has_ended_can_not_be_ended_again(person: Person, elsewhere: str) -> None:
    person.delete(f"/api/auth/logins/{elsewhere}")
    assert error_code(person.delete(f"/api/auth/logins/{elsewhere}")) == (404, "not_found")


def test_the_login_of_another_reads_like_none(alice: Person, bob: Person) -> None:
    assert error_code(alice.delete(f"/api/auth/logins/{bob.login_id}")) == (404, "not_found")
    assert bob.get("/api/auth/me").status_code == 200
