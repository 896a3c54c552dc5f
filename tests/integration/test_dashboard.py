"""The pages: the login form, the cookie session, and what guards them."""

import re
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.auth.models import Login
from app.config import Settings
from app.core.clock import now
from app.events.registry import EVENTS
from app.extensions import db
from app.people.models import User

EMAIL, PASSWORD = "alice@example.com", "correct horse"
QUICK_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
PAGES = ("/login", "/dashboard", "/dashboard/now", "/dashboard/health", "/dashboard/try")


class Browser:
    """A person at a browser: keeps cookies, sends forms with the token that their page brought."""

    def __init__(self, app: Flask, origin: str = "http://localhost") -> None:
        self.http: FlaskClient = app.test_client()
        self.origin = origin

    def open(self, path: str) -> TestResponse:
        return self.http.get(path, base_url=self.origin)

    def post(self, path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> TestResponse:
        sent = {"Referer": f"{self.origin}/"} | (headers or {})
        return self.http.post(path, data=form, headers=sent, base_url=self.origin)

    def csrf_token(self, path: str = "/login") -> str:
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.open(path).text)
        assert found is not None
        return found[1]

    def log_in(self, password: str = PASSWORD, email: str = EMAIL, path: str = "/login") -> TestResponse:
        return self.post(path, {"csrf_token": self.csrf_token(path), "email": email, "password": password})

    def log_out(self) -> TestResponse:
        return self.post("/logout", {"csrf_token": self.csrf_token("/dashboard")})

    def ask_token(self, csrf_token: str) -> TestResponse:
        return self.post("/dashboard/token", {}, {"X-CSRFToken": csrf_token})

    @property
    def session_cookie(self) -> str:
        cookie = self.http.get_cookie("session")
        assert cookie is not None
        return cookie.value


@pytest.fixture
def browser(app: Flask) -> Browser:
    """At the login form of a site where Alice has an account."""
    return Browser(_with_alice(app))


@pytest.fixture
def alice(browser: Browser) -> Browser:
    """Logged in as Alice."""
    browser.log_in()
    return browser


NewSite = Callable[..., Flask]


@pytest.fixture
def new_site(tmp_path: Path) -> Iterator[NewSite]:
    """Makes a site with other settings than the usual: ``new_site(logins_per_minute=1)``."""
    made = []

    def make(**settings: Any) -> Flask:
        site = create_app(Settings(instance_path=tmp_path / "another", **settings))
        made.append(site)
        with site.app_context():
            db.create_all()
        return _with_alice(site)

    yield make
    for site in made:
        with site.app_context():
            db.engine.dispose()


def _with_alice(app: Flask, name: str = "Alice") -> Flask:
    with app.app_context():
        db.session.add(User(email=EMAIL, name=name, password_hash=QUICK_HASH))
        db.session.commit()
    return app


def _has_session(browser: Browser) -> bool:
    return browser.open("/dashboard").status_code == 200


def test_the_root_leads_to_the_dashboard(browser: Browser) -> None:
    assert browser.open("/").location == "/dashboard"


@pytest.mark.parametrize("page", PAGES[1:])
def test_a_page_leads_to_the_login_form_without_a_session_and_back(browser: Browser, page: str) -> None:
    answer = browser.open(page)
    assert (answer.status_code, answer.location) == (302, f"/login?next={page}")
    assert browser.log_in(path=answer.location).location == page


def test_a_login_over_another_one_ends_that(alice: Browser) -> None:
    token = alice.csrf_token("/dashboard")
    alice.post("/login", {"csrf_token": token, "email": EMAIL, "password": PASSWORD})
    with alice.http.application.app_context():
        ended = [login.revoked_at is not None for login in db.session.query(Login).order_by(Login.id)]
    assert ended == [True, False]
    assert _has_session(alice)


def test_the_right_password_begins_a_session(browser: Browser) -> None:
    answer = browser.log_in()
    assert (answer.status_code, answer.location) == (303, "/dashboard")
    assert _has_session(browser)


def test_the_login_form_leads_on_when_logged_in(alice: Browser) -> None:
    assert alice.open("/login").location == "/dashboard"


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "wrong"), ("nobody@example.com", PASSWORD)])
def test_wrong_credentials_bring_the_form_again(browser: Browser, email: str, password: str) -> None:
    answer = browser.log_in(password, email)
    assert answer.status_code == 401
    assert "The e-mail address or the password is wrong." in answer.text
    assert f'value="{email}"' in answer.text
    assert not _has_session(browser)


def test_a_refused_form_does_not_hold_the_password(browser: Browser) -> None:
    assert "not-the-password" not in browser.log_in("not-the-password").text


@pytest.mark.parametrize(
    ("email", "password", "message"),
    [
        ("", PASSWORD, "Enter your e-mail address."),
        ("alice", PASSWORD, "This is not an e-mail address."),
        ("alice\0@example.com", PASSWORD, "This is not an e-mail address."),
        (f"{'a' * 250}@example.com", PASSWORD, "An e-mail address has 254 characters at most."),
        (EMAIL, "", "Enter your password."),
        (EMAIL, "x" * 257, "A password has 256 characters at most."),
    ],
)
def test_a_field_says_what_is_wrong_with_it(browser: Browser, email: str, password: str, message: str) -> None:
    answer = browser.log_in(password, email)
    assert (answer.status_code, message in answer.text) == (400, True)


def test_a_deactivated_user_can_not_log_in(app: Flask, browser: Browser) -> None:
    with app.app_context():
        db.session.query(User).update({"active": False})
        db.session.commit()
    assert browser.log_in().status_code == 401


def test_too_many_logins_bring_the_form_with_the_time_to_wait(new_site: NewSite) -> None:
    browser = Browser(new_site(logins_per_minute=1))
    browser.log_in("wrong")
    answer = browser.log_in()
    assert answer.status_code == 429
    assert f"try again in {answer.headers['Retry-After']} s" in answer.text
    assert "<form" in answer.text


def test_a_login_without_csrf_token_is_refused(browser: Browser) -> None:
    answer = browser.post("/login", {"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 400
    assert not _has_session(browser)


def test_a_login_with_the_csrf_token_of_another_browser_is_refused(app: Flask, browser: Browser) -> None:
    form = {"csrf_token": Browser(app).csrf_token(), "email": EMAIL, "password": PASSWORD}
    assert browser.post("/login", form).status_code == 400
    assert not _has_session(browser)


@pytest.mark.parametrize("body", [[1], "x", {"email": EMAIL}])
def test_json_is_not_a_login_form(browser: Browser, body: object) -> None:
    assert browser.http.post("/login", json=body).status_code == 400


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "https://evil.example",
        "https:evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example",
        "%0d%0a//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
    ],
)
def test_next_stays_on_the_site(browser: Browser, evil: str) -> None:
    assert browser.log_in(path=f"/login?next={evil}").location == "/dashboard"


def test_next_leads_to_a_path_of_the_site(browser: Browser) -> None:
    assert browser.log_in(path="/login?next=/api-docs").location == "/api-docs"


def test_log_out_ends_the_session(alice: Browser) -> None:
    answer = alice.log_out()
    assert (answer.status_code, answer.location) == (303, "/login")
    assert not _has_session(alice)


def test_the_cookie_of_a_login_that_was_logged_out_is_refused(alice: Browser) -> None:
    stolen = alice.session_cookie
    alice.log_out()
    alice.http.set_cookie("session", stolen)
    assert not _has_session(alice)


def test_log_out_revokes_the_tokens_of_the_page(alice: Browser) -> None:
    token = alice.ask_token(alice.csrf_token("/dashboard")).get_json()["accessToken"]
    alice.log_out()
    answer = alice.http.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.get_json()["error"]["code"] == "token_revoked"


def test_log_out_without_csrf_token_is_refused(alice: Browser) -> None:
    assert alice.post("/logout", {}).status_code == 400
    assert _has_session(alice)


def test_log_out_without_a_session_leads_to_the_login_form(browser: Browser) -> None:
    assert browser.post("/logout", {"csrf_token": browser.csrf_token()}).location == "/login"


def test_the_session_of_a_deactivated_user_is_refused(app: Flask, alice: Browser) -> None:
    with app.app_context():
        db.session.query(User).update({"active": False})
        db.session.commit()
    assert not _has_session(alice)


def test_the_session_of_an_expired_login_is_refused(app: Flask, alice: Browser) -> None:
    with app.app_context():
        db.session.query(Login).update({"expires_at": now()})
        db.session.commit()
    assert not _has_session(alice)


def test_a_forged_session_is_refused(alice: Browser) -> None:
    alice.http.set_cookie("session", alice.session_cookie[:-3] + "AAA")
    assert not _has_session(alice)


def test_the_session_names_the_login_alone(app: Flask, alice: Browser) -> None:
    alice.open("/dashboard")
    with alice.http.session_transaction() as session, app.app_context():
        login = db.session.query(Login).order_by(Login.id.desc()).first()
        assert login is not None
        assert session.pop("login") == login.id
        assert set(session) == {"csrf_token"}


def test_logging_in_changes_the_csrf_token(browser: Browser) -> None:
    before = browser.csrf_token()
    browser.log_in()
    assert browser.ask_token(before).status_code == 400


def test_the_page_gets_a_token_that_the_api_accepts(alice: Browser) -> None:
    answer = alice.ask_token(alice.csrf_token("/dashboard")).get_json()
    me = alice.http.get("/api/auth/me", headers={"Authorization": f"Bearer {answer['accessToken']}"})
    assert (me.get_json()["email"], answer["expiresIn"]) == (EMAIL, 15 * 60)


def test_a_token_without_csrf_token_is_refused(alice: Browser) -> None:
    answer = alice.post("/dashboard/token", {})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "validation_failed")


def test_a_token_without_a_session_is_refused(browser: Browser) -> None:
    answer = browser.ask_token(browser.csrf_token())
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "unauthenticated")


def _cookie_flags(answer: TestResponse) -> tuple[bool, str, bool]:
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["session"]
    return bool(cookie["httponly"]), cookie["samesite"], bool(cookie["secure"])


def test_the_cookie_is_hidden_from_scripts_and_other_sites(browser: Browser) -> None:
    assert _cookie_flags(browser.log_in()) == (True, "Lax", False)


def test_the_cookie_is_secure_in_production(new_site: NewSite) -> None:
    secrets = {"secret_key": "0123456789abcdefghijklmnopqrstuv", "jwt_secret_key": "vutsrqponmlkjihgfedcba9876543210"}
    browser = Browser(new_site(app_env="production", **secrets), origin="https://localhost")
    assert _cookie_flags(browser.log_in()) == (True, "Lax", True)


@pytest.mark.parametrize("page", PAGES)
def test_the_policy_of_a_page_lets_nothing_foreign_or_inline_run(alice: Browser, page: str) -> None:
    policy = alice.open(page).headers["Content-Security-Policy"]
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == {
        "default-src": "'self'",
        "connect-src": "'self' ws://localhost",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_neither_sniffed_nor_cached_nor_told_to_others(alice: Browser, page: str) -> None:
    headers = alice.open(page).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_name_is_escaped(app: Flask) -> None:
    browser = Browser(_with_alice(app, name="<img src=x onerror=alert(1)>"))
    browser.log_in()
    page = browser.open("/dashboard").text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page


def test_the_filter_offers_every_event_of_the_catalogue(alice: Browser) -> None:
    offered = set(re.findall(r"<option>([a-z-]+)</option>", alice.open("/dashboard").text))
    assert set(EVENTS) <= offered


def test_the_service_worker_lies_at_the_root_since_that_is_what_it_is_for(browser: Browser) -> None:
    with browser.open("/push-worker.js") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
        assert b"showNotification" in answer.data
        assert answer.headers["Cache-Control"] == "no-store"
