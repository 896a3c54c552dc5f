"""Neither passwords can be guessed nor who has an account: tries are few, and answered alike in words and in time."""

import re
from collections.abc import Iterator
from functools import cache, partial
from http.client import HTTPConnection
from itertools import count
from statistics import median
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from tests.support.api import Api, Response
from tests.support.crowd import at_once
from tests.support.server import Server
from tests.support.wall_clock import WallClock

WRONG_PASSWORDS = 3
LOGINS_PER_MINUTE = 5
PASSWORD, WRONG = "a-long-password", "wrong-password"
NUMBERS = count(1)
TEN = 10  # what WRONG_PASSWORDS is unless it is set
ALIKE = 1.6  # times as long, at the most; without a hash to compute it takes a tenth
MARGIN = 20  # seconds, in which a slow machine does a few requests


def unknown(_: Server) -> str:
    return f"nobody-{next(NUMBERS)}@example.com"


def known(server: Server) -> str:
    email = f"somebody-{next(NUMBERS)}@example.com"
    form = {"email": email, "password": PASSWORD, "name": "S"}
    assert Api(server.url).post("/api/auth/register", form, address()).status == 201
    return email


def deactivated(server: Server) -> str:
    """Locked out by an admin; its password would be right."""
    email = known(server)
    id = log_in(server, email, PASSWORD, address()).json["user"]["id"]
    assert admin_of(server).patch(f"/api/users/{id}", {"active": False}).status == 200
    return email


@cache
def admin_of(server: Server) -> Api:
    return Api.as_demo_user(server.url, "admin")


def address() -> dict[str, str]:
    """What a proxy says of a client that was not there before."""
    number = next(NUMBERS)
    return {"X-Forwarded-For": f"198.51.{number // 256}.{number % 256}"}


class Try(NamedTuple):
    """How a login was refused, and after how long."""

    status: int
    error: object
    seconds: float


def log_in(server: Server, email: str, password: str, headers: dict[str, str]) -> Response:
    return Api(server.url).post("/api/auth/login", {"email": email, "password": password}, headers)


def refused(server: Server, email: str, password: str = WRONG) -> tuple[int, object]:
    """Status and error of a login from an address of its own, whatever the seconds to wait are."""
    answer = log_in(server, email, password, address())
    error = answer.json["error"]
    return answer.status, error | {"message": re.sub(r"\d+ s\.", "… s.", error["message"])}


def code(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["error"]["code"]


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> WallClock:
    return WallClock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, clock: WallClock) -> Iterator[Server]:
    """Behind a proxy, which names the address of each client."""
    limits = {"WRONG_PASSWORDS": str(WRONG_PASSWORDS), "LOGINS_PER_MINUTE": str(LOGINS_PER_MINUTE)}
    env = {"TRUSTED_PROXIES": "1"} | limits | clock.env
    with Server(tmp_path_factory.mktemp("passwords"), env) as running:
        yield running


# --- by account


@pytest.fixture(scope="module")
def tries(product: Server) -> list[list[Try]]:
    """Ten wrong passwords and an eleventh, of accounts of each kind in turn; the first is of one that is good."""
    refused(product, unknown(product))  # the first makes the hash that the password of nobody is held against
    emails = [account(product) for account in (known, unknown, deactivated)]
    return [[timed(product, email) for email in emails] for _ in range(TEN + 1)]


def timed(server: Server, email: str) -> Try:
    began = monotonic()
    status, error = refused(server, email)
    return Try(status, error, monotonic() - began)


def test_ten_wrong_passwords_lock_an_account_whether_it_is_one_or_not(tries: list[list[Try]]) -> None:
    for of_one in zip(*tries, strict=True):
        assert [one.status for one in of_one] == [401] * TEN + [429]


def test_unknown_and_deactivated_accounts_answer_as_known_ones_do(tries: list[list[Try]]) -> None:
    assert [[one.error == good.error for one in others] for good, *others in tries] == [[True] * 2] * (TEN + 1)


def test_unknown_and_deactivated_accounts_take_the_time_that_known_ones_do(tries: list[list[Try]]) -> None:
    medians = [median(one.seconds for one in of_one[:TEN]) for of_one in zip(*tries, strict=True)]
    assert max(medians) / min(medians) < ALIKE


def test_a_locked_account_says_how_long_and_refuses_the_right_password(server: Server) -> None:
    email = known(server)
    for _ in range(WRONG_PASSWORDS):
        assert refused(server, email)[0] == 401
    answer = log_in(server, email, PASSWORD, address())
    assert code(answer) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60


def test_tries_at_once_are_no_more_than_tries_one_by_one(server: Server) -> None:
    email = known(server)
    answers = at_once(*[partial(log_in, server, email, f"guess-{number}", address()) for number in range(12)])
    assert sorted(answer.status for answer in answers) == [401] * WRONG_PASSWORDS + [429] * (12 - WRONG_PASSWORDS)


def test_an_account_is_the_same_however_its_address_is_written(server: Server) -> None:
    email = known(server)
    for written in (email.upper(), email.capitalize(), email.replace("example", "EXAMPLE")):
        assert refused(server, written)[0] == 401
    assert refused(server, email, PASSWORD)[0] == 429


def test_who_has_a_token_guesses_the_password_no_longer_than_others(server: Server) -> None:
    email = known(server)
    thief = Api(server.url, log_in(server, email, PASSWORD, address()).json["accessToken"])
    for _ in range(WRONG_PASSWORDS):
        assert thief.post("/api/auth/password", {"current": WRONG, "new": "another-password"}).status == 401
    answer = thief.post("/api/auth/password", {"current": PASSWORD, "new": "another-password"})
    assert code(answer) == (429, "rate_limited")
    assert refused(server, email, PASSWORD)[0] == 429


def test_the_form_of_the_dashboard_counts_with_the_rest(server: Server) -> None:
    email = known(server)
    for _ in range(WRONG_PASSWORDS - 1):
        assert refused(server, email)[0] == 401
    assert [log_in_by_form(server, email, password) for password in (WRONG, PASSWORD)] == [401, 429]
    assert refused(server, email, PASSWORD)[0] == 429


def log_in_by_form(server: Server, email: str, password: str) -> int:
    """The status that the login form answers with, filled in at an address of its own."""
    form = Api(server.url).get("/login")
    csrf = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form.body.decode())
    assert csrf
    fields = urlencode({"csrf_token": csrf[1], "email": email, "password": password})
    cookie = form.headers["Set-Cookie"].partition(";")[0]
    headers = address() | {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("POST", "/login", fields, headers)
        return connection.getresponse().status
    finally:
        connection.close()


# --- by address


def test_an_address_that_logs_in_too_often_has_to_wait_whomever_it_tries(server: Server) -> None:
    email, here = known(server), address()
    for _ in range(LOGINS_PER_MINUTE):
        assert log_in(server, unknown(server), WRONG, here).status == 401
    answer = log_in(server, email, PASSWORD, here)
    assert code(answer) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    form = {"email": unknown(server), "password": PASSWORD, "name": "S"}
    assert Api(server.url).post("/api/auth/register", form, here).status == 429
    assert log_in(server, email, PASSWORD, address()).status == 200, "others may"


def test_nobody_has_another_address_by_saying_so(server: Server) -> None:
    """The proxy that is trusted writes the last one; what stands before it is the client's."""
    here = address()["X-Forwarded-For"]
    claimed = [{"X-Forwarded-For": f"{address()['X-Forwarded-For']}, {here}"} for _ in range(LOGINS_PER_MINUTE + 1)]
    statuses = [log_in(server, unknown(server), WRONG, headers).status for headers in claimed]
    assert statuses == [401] * LOGINS_PER_MINUTE + [429]


# --- waiting


def test_retry_after_is_true(server: Server, clock: WallClock) -> None:
    """Of an account and of an address: just before it is too early, and then it works."""
    email, here = known(server), address()
    for _ in range(WRONG_PASSWORDS):
        assert refused(server, email)[0] == 401
    for _ in range(LOGINS_PER_MINUTE):
        assert log_in(server, email, WRONG, here).status == 429
    of_address = int(log_in(server, "alice@example.com", "demo-password", here).headers["Retry-After"])
    of_account = int(log_in(server, email, PASSWORD, address()).headers["Retry-After"])
    clock.move(of_address - MARGIN)
    assert log_in(server, "alice@example.com", "demo-password", here).status == 429
    clock.move(of_address)
    assert log_in(server, "alice@example.com", "demo-password", here).status == 200
    clock.move(of_account - MARGIN)
    assert log_in(server, email, PASSWORD, address()).status == 429
    clock.move(of_account)
    assert log_in(server, email, PASSWORD, address()).status == 200
