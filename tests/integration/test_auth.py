"""``/api/auth``: register, login, refresh, logout, password; and which tokens are worth something."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.auth.models import Login
from app.auth.passwords import verify_password
from app.auth.tokens import access_token
from app.core.transaction import transaction
from app.extensions import db
from app.people.models import User
from tests.integration.conftest import Person, error_code

FORM = {"email": "New@Example.com", "password": "a-long-password", "name": "New"}


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def registered(http: FlaskClient) -> dict[str, Any]:
    answer = http.post("/api/auth/register", json=FORM)
    assert answer.status_code == 201
    body: dict[str, Any] = answer.get_json()
    return body


def me(http: FlaskClient, token: str) -> TestResponse:
    return http.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})


def log_in(http: FlaskClient, password: str = FORM["password"], email: str = FORM["email"]) -> TestResponse:
    return http.post("/api/auth/login", json={"email": email, "password": password})


def test_registering_answers_the_user_and_both_tokens(registered: dict[str, Any]) -> None:
    assert set(registered) == {"user", "accessToken", "refreshToken"}
    user = registered["user"]
    assert (user["email"], user["name"], user["role"]) == ("new@example.com", "New", "member")
    assert not {"password", "passwordHash"} & set(user)


def test_the_access_token_speaks_for_the_user(http: FlaskClient, registered: dict[str, Any]) -> None:
    assert me(http, registered["accessToken"]).get_json() == registered["user"]


@pytest.mark.usefixtures("registered")
def test_an_address_has_one_account_however_it_is_written(http: FlaskClient) -> None:
    again = http.post("/api/auth/register", json=FORM | {"email": "NEW@example.COM"})
    assert error_code(again) == (409, "conflict")


@pytest.mark.each_database
def test_who_registers_while_another_registers_the_address_hears_that_it_has_an_account(
    app: Flask, http: FlaskClient
) -> None:
    begun, answered = Event(), Event()

    def register_first() -> None:
        with app.app_context(), transaction():
            db.session.add(User(email="new@example.com", name="First", password_hash="-"))
            db.session.flush()
            begun.set()
            answered.wait(1)  # it isn't, until this is committed

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(register_first)
        assert begun.wait(5)
        second = http.post("/api/auth/register", json=FORM)
        answered.set()
        first.result()
    assert error_code(second) == (409, "conflict")
    assert second.get_json()["error"]["message"] == "This e-mail address has an account already."


@pytest.mark.parametrize(
    ("registered_as", "written"),
    [
        ("Rene\u0301@Example.com", "rene\u0301@example.com"),
        ("Rene\u0301@Example.com", "REN\u00c9@example.com"),
        ("new@xn--bcher-kva.example", "new@xn--bcher-kva.example"),
        ("new@xn--bcher-kva.example", "new@b\u00fccher.example"),
    ],
)
def test_one_logs_in_however_the_address_is_written(http: FlaskClient, registered_as: str, written: str) -> None:
    assert http.post("/api/auth/register", json=FORM | {"email": registered_as}).status_code == 201
    assert log_in(http, email=written).status_code == 200


@pytest.mark.usefixtures("registered")
def test_what_is_no_address_reads_like_an_unknown_account(http: FlaskClient) -> None:
    unknown = log_in(http, email="unknown@example.com")
    for email in ("nobody", "", "a@b@c", "new@example..com"):
        assert log_in(http, email=email).get_json() == unknown.get_json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "\u200b"),
        ("name", "\u200b \ufeff\u2060"),
        ("email", "nobody"),
        ("email", 1),
        ("password", "short"),
        ("password", "x" * 257),
        ("name", " "),
        ("name", "x" * 101),
        ("name", None),
        ("name", "with \0 in it"),
        ("role", "admin"),
    ],
)
def test_a_bad_field_of_a_registration_is_named_and_makes_no_account(http: FlaskClient, field: str, value: Any) -> None:
    answer = http.post("/api/auth/register", json=FORM | {field: value})
    assert error_code(answer) == (400, "validation_failed")
    assert log_in(http).status_code == 401


def test_every_missing_field_is_named(http: FlaskClient) -> None:
    details = http.post("/api/auth/register", json={}).get_json()["error"]["details"]
    assert set(details) == {"email", "password", "name"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"NaN", b'{"email": NaN}', b"\xff"])
def test_a_body_that_is_no_json_object_is_not_valid(http: FlaskClient, body: bytes) -> None:
    answer = http.post("/api/auth/login", data=body, content_type="application/json")
    assert error_code(answer) == (400, "validation_failed")


def test_a_body_of_another_type_is_not_supported(http: FlaskClient) -> None:
    answer = http.post("/api/auth/login", data=b"email=x", content_type="application/x-www-form-urlencoded")
    assert error_code(answer) == (415, "unsupported_media_type")
    assert "Content-Type: application/json" in answer.get_json()["error"]["message"]


def test_a_body_above_the_limit_is_too_large(http: FlaskClient) -> None:
    answer = http.post("/api/auth/register", json=FORM | {"name": "x" * 70_000})
    assert error_code(answer) == (413, "payload_too_large")


@pytest.mark.usefixtures("registered")
def test_logging_in_answers_the_user_and_both_tokens(http: FlaskClient) -> None:
    answer = log_in(http)
    assert answer.status_code == 200
    assert set(answer.get_json()) == {"user", "accessToken", "refreshToken"}


@pytest.mark.usefixtures("registered")
def test_a_wrong_password_and_an_unknown_account_read_alike(http: FlaskClient) -> None:
    wrong, unknown = log_in(http, "wrong-password"), log_in(http, email="unknown@example.com")
    assert error_code(wrong) == (401, "unauthenticated")
    assert wrong.get_json() == unknown.get_json()


@pytest.mark.usefixtures("registered")
def test_after_ten_wrong_passwords_even_the_right_one_has_to_wait(http: FlaskClient) -> None:
    for _ in range(10):
        assert log_in(http, "wrong-password").status_code == 401
    answer = log_in(http)
    assert error_code(answer) == (429, "rate_limited")
    seconds = int(answer.headers["Retry-After"])
    assert 1 <= seconds <= 15 * 60
    locked = f"The account is locked because of wrong passwords; try again in {seconds} s."
    assert answer.get_json()["error"]["message"] == locked


def test_the_21st_login_of_an_address_in_a_minute_has_to_wait(http: FlaskClient) -> None:
    codes = [log_in(http, email=f"u{number}@example.com").status_code for number in range(21)]
    assert codes == [401] * 20 + [429]


def test_a_registration_counts_as_a_login_of_its_address(http: FlaskClient) -> None:
    for number in range(20):
        log_in(http, email=f"u{number}@example.com")
    assert error_code(http.post("/api/auth/register", json=FORM)) == (429, "rate_limited")


def test_without_a_token_a_refresh_is_told_which_one_to_send(http: FlaskClient) -> None:
    answer = http.post("/api/auth/refresh")
    assert error_code(answer) == (401, "unauthenticated")
    assert "Send the refresh token" in answer.get_json()["error"]["message"]


def test_a_refresh_token_gets_a_new_access_token(http: FlaskClient, registered: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {registered['refreshToken']}"}
    answer = http.post("/api/auth/refresh", headers=headers)
    assert set(answer.get_json()) == {"accessToken"}
    assert me(http, answer.get_json()["accessToken"]).status_code == 200


def test_an_access_token_does_not_refresh(http: FlaskClient, registered: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {registered['accessToken']}"}
    assert error_code(http.post("/api/auth/refresh", headers=headers)) == (401, "unauthenticated")


def test_a_refresh_token_does_not_call_the_api(http: FlaskClient, registered: dict[str, Any]) -> None:
    assert error_code(me(http, registered["refreshToken"])) == (401, "unauthenticated")


def test_logout_revokes_both_tokens_of_that_login_alone(http: FlaskClient, registered: dict[str, Any]) -> None:
    other = log_in(http).get_json()["accessToken"]
    answer = http.post("/api/auth/logout", headers={"Authorization": f"Bearer {registered['accessToken']}"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert error_code(me(http, registered["accessToken"])) == (401, "token_revoked")
    headers = {"Authorization": f"Bearer {registered['refreshToken']}"}
    assert error_code(http.post("/api/auth/refresh", headers=headers)) == (401, "token_revoked")
    assert me(http, other).status_code == 200


def change_password(http: FlaskClient, token: str, current: str, new: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return http.post("/api/auth/password", json={"current": current, "new": new}, headers=headers)


def test_a_changed_password_ends_every_other_login(http: FlaskClient, registered: dict[str, Any]) -> None:
    other = log_in(http).get_json()["accessToken"]
    answer = change_password(http, registered["accessToken"], FORM["password"], "another-password")
    assert answer.status_code == 204
    assert me(http, registered["accessToken"]).status_code == 200
    assert error_code(me(http, other)) == (401, "token_revoked")
    assert log_in(http).status_code == 401
    assert log_in(http, "another-password").status_code == 200


def test_the_password_stays_when_the_current_one_is_wrong(http: FlaskClient, registered: dict[str, Any]) -> None:
    answer = change_password(http, registered["accessToken"], "wrong-password", "another-password")
    assert error_code(answer) == (401, "unauthenticated")
    assert log_in(http).status_code == 200


# --- tokens that were not made here


def forged(app: Flask, person: Person, key: str | None = None, algorithm: str = "HS256", **claims: Any) -> str:
    """A token like the person's own, but for what is given."""
    real = jwt.decode(person.token, options={"verify_signature": False})
    return jwt.encode(real | claims, app.config["JWT_SECRET_KEY"] if key is None else key, algorithm=algorithm)


def at(**offset: float) -> int:
    return int((datetime.now(UTC) + timedelta(**offset)).timestamp())


def test_a_token_like_ones_own_is_accepted(app: Flask, http: FlaskClient, person: Person) -> None:
    assert me(http, forged(app, person)).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "somebody else"},
        {"aud": "somebody else"},
        {"nbf": at(hours=1)},
        {"type": "refresh"},
        {"sub": "somebody else"},
        {"login": "unknown"},
        {"login": None},
        {"login": {"a": 1}},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(
    app: Flask, http: FlaskClient, person: Person, claims: dict[str, Any]
) -> None:
    assert error_code(me(http, forged(app, person, **claims))) == (401, "unauthenticated")


def test_an_expired_token_is_said_to_be_expired(app: Flask, http: FlaskClient, person: Person) -> None:
    assert error_code(me(http, forged(app, person, exp=at(seconds=-1)))) == (401, "token_expired")


def test_a_token_signed_with_another_key_is_refused(app: Flask, http: FlaskClient, person: Person) -> None:
    assert error_code(me(http, forged(app, person, "another key " * 4))) == (401, "unauthenticated")


def test_a_token_without_signature_is_refused(app: Flask, http: FlaskClient, person: Person) -> None:
    assert error_code(me(http, forged(app, person, "", "none"))) == (401, "unauthenticated")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic x", "Bearer a.b.c", "x"])
def test_a_header_without_a_token_is_refused(http: FlaskClient, header: str) -> None:
    answer = http.get("/api/auth/me", headers={"Authorization": header})
    assert error_code(answer) == (401, "unauthenticated")


def test_a_token_in_the_query_string_is_no_token(http: FlaskClient, person: Person) -> None:
    assert http.get(f"/api/auth/me?token={person.token}&jwt={person.token}").status_code == 401


def test_a_token_of_the_previous_key_is_accepted_while_keys_rotate(
    app: Flask, http: FlaskClient, person: Person
) -> None:
    old = "0123456789" * 4
    app.config["JWT_SECRET_KEY"], today = old, app.config["JWT_SECRET_KEY"]
    token = log_in_again(app, person)
    app.config["JWT_SECRET_KEY"] = today
    assert error_code(me(http, token)) == (401, "unauthenticated")
    app.config["JWT_PREVIOUS_SECRET_KEY"] = old
    assert me(http, token).status_code == 200


def log_in_again(app: Flask, person: Person) -> str:
    with app.app_context():
        login = db.session.get(Login, person.login_id)
        assert login is not None
        return access_token(login)


def test_a_right_password_forgets_the_wrong_ones_before_it(http: FlaskClient, registered: dict[str, Any]) -> None:
    assert registered["user"]["email"] == "new@example.com"
    for _ in range(2):
        for _ in range(6):
            assert log_in(http, "wrong-password").status_code == 401
        assert log_in(http).status_code == 200


def test_a_password_that_changed_while_it_was_checked_begins_no_login(
    http: FlaskClient, registered: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(stored: str | None, password: str) -> bool:
        monkeypatch.setattr("app.auth.service.verify_password", verify_password)
        assert change_password(http, registered["accessToken"], FORM["password"], "another-password").status_code == 204
        return verify_password(stored, password)

    monkeypatch.setattr("app.auth.service.verify_password", slowly)
    assert error_code(log_in(http)) == (401, "unauthenticated")
