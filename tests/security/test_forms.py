"""The pages' forms: sent by the page that showed them and by no other site; and the cookie that they bring."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.person import Person
from tests.security.routes import routes
from tests.support.api import DEMO_PASSWORD, Api
from tests.support.production import production
from tests.support.server import Server

ALICE = {"email": "alice@example.com", "password": DEMO_PASSWORD}
FORMS = ("/login", "/logout", "/dashboard/token")
HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.fixture
def visitor(product: Server) -> Person:
    """Somebody who is not logged in."""
    return Person(product.url)


@pytest.fixture
def alice_at_browser(visitor: Person) -> Person:
    """Logged in as alice."""
    assert visitor.log_in().status == 303
    return visitor


@pytest.fixture(scope="module")
def regular(product: Server) -> Person:
    """Logged in as alice, for tests that leave it at that."""
    person = Person(product.url)
    assert person.log_in().status == 303
    return person


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, production_database: Path) -> Iterator[Person]:
    """Somebody at a server in production, behind a proxy that ends TLS; they have an account: `ALICE`."""
    with production(tmp_path_factory.mktemp("deployed"), production_database, {"TRUSTED_PROXIES": "1"}) as server:
        assert Api(server.url).post("/api/auth/register", ALICE | {"name": "Alice"}).status == 201
        yield Person(server.url, HTTPS)


# --- the CSRF token


def test_every_form_is_tried_here(product: Server) -> None:
    posted = {route.path for route in routes(product.url) if route.method == "POST"}
    assert {path for path in posted if not path.startswith("/api/")} == set(FORMS)


def test_a_login_without_csrf_token_is_refused(visitor: Person) -> None:
    assert visitor.send("/login", ALICE).status == 400
    assert not visitor.logged_in


@pytest.mark.parametrize("form", FORMS[1:])
def test_a_form_without_csrf_token_is_refused_and_does_nothing(alice_at_browser: Person, form: str) -> None:
    answer = alice_at_browser.send(form, {})
    assert answer.status == 400
    assert b"accessToken" not in answer.body
    assert alice_at_browser.logged_in


@pytest.mark.parametrize("form", FORMS)
def test_the_csrf_token_of_another_browser_is_refused(product: Server, alice_at_browser: Person, form: str) -> None:
    token = Person(product.url).csrf_token()
    answer = alice_at_browser.send(form, ALICE | {"csrf_token": token}, {"X-CSRFToken": token})
    assert answer.status == 400
    assert alice_at_browser.logged_in


@pytest.mark.parametrize("form", FORMS)
def test_the_csrf_token_of_before_the_login_is_refused_after_it(visitor: Person, form: str) -> None:
    token = visitor.csrf_token()
    assert visitor.send("/login", ALICE | {"csrf_token": token}).status == 303
    assert visitor.send(form, ALICE | {"csrf_token": token}, {"X-CSRFToken": token}).status == 400
    assert visitor.logged_in


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_a_foreign_site_is_refused_with_the_right_csrf_token_too(
    alice_at_browser: Person, form: str, origin: str
) -> None:
    token = alice_at_browser.csrf_token("/dashboard")
    told = {"X-CSRFToken": token, "Origin": origin}
    assert alice_at_browser.send(form, ALICE | {"csrf_token": token}, told).status == 400
    assert alice_at_browser.logged_in


def test_over_https_the_same_host_without_it_is_a_foreign_site(deployed: Person) -> None:
    form = ALICE | {"csrf_token": deployed.csrf_token()}
    assert deployed.send("/login", form, {"Origin": deployed.url}).status == 400
    assert not deployed.logged_in


def test_the_token_route_takes_no_get(alice_at_browser: Person) -> None:
    assert alice_at_browser.open("/dashboard/token").status == 405


# --- the cookie


def test_the_cookie_is_hidden_from_scripts_and_from_other_sites(alice_at_browser: Person) -> None:
    cookie = alice_at_browser.cookies["session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")


def test_the_cookie_is_secure_in_production(deployed: Person) -> None:
    form = ALICE | {"csrf_token": deployed.csrf_token()}
    assert deployed.send("/login", form, {"Origin": deployed.url.replace("http:", "https:")}).status == 303
    cookie = deployed.cookies["session"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert deployed.logged_in


def test_a_cookie_that_was_changed_is_worth_nothing(alice_at_browser: Person) -> None:
    signed, _, signature = alice_at_browser.cookies["session"].value.rpartition(".")
    changed = f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    alice_at_browser.cookies["session"].set("session", changed, changed)
    assert not alice_at_browser.logged_in


def test_the_cookie_of_a_login_that_ended_is_worth_nothing(product: Server, alice_at_browser: Person) -> None:
    thief = Person(product.url)
    thief.cookies = dict(alice_at_browser.cookies)
    assert thief.logged_in
    token = alice_at_browser.csrf_token("/dashboard")
    assert alice_at_browser.send("/logout", {"csrf_token": token}).status == 303
    assert not thief.logged_in


def test_the_cookie_opens_no_route_that_takes_a_token(alice_at_browser: Person) -> None:
    assert alice_at_browser.open("/api/auth/me").status == 401


# --- where a login leads

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "/%5Cevil.example",
    "%5C%5Cevil.example",
    "/%09/evil.example",
    "%09//evil.example",
    "%20//evil.example",
    "/%0A/evil.example",
    "%0D%0ALocation:%20https://evil.example",
    "/%0D%0ASet-Cookie:%20a=b",
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example/..;/dashboard",
    "/%00/evil.example",
    "evil.example",
    "@evil.example",
]


@pytest.mark.parametrize("next_page", ELSEWHERE)
def test_who_is_logged_in_is_led_to_no_other_site(regular: Person, next_page: str) -> None:
    answer = regular.open(f"/login?next={next_page}")
    assert (answer.status, answer.headers.get_all("Location")) == (302, ["/dashboard"])
    assert set(regular.cookies) == {"session"}


@pytest.mark.parametrize("next_page", ELSEWHERE[::5])
def test_a_login_leads_to_no_other_site(visitor: Person, next_page: str) -> None:
    answer = visitor.log_in(path=f"/login?next={next_page}")
    assert (answer.status, answer.headers.get_all("Location")) == (303, ["/dashboard"])


def test_a_login_leads_to_the_page_that_was_asked_for(visitor: Person) -> None:
    asked = visitor.open("/dashboard/now")
    assert (asked.status, asked.headers["Location"]) == (302, "/login?next=/dashboard/now")
    assert visitor.log_in(path=asked.headers["Location"]).headers["Location"] == "/dashboard/now"
