"""What every route keeps, whatever it does."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app import create_app
from app.auth.guard import check_routes
from app.config import Settings
from app.core.api import STRICT, spec_of
from app.core.errors import AppError
from app.core.http import CODES
from app.core.rate_limits import RateLimit
from app.core.rate_windows import OwnWindows
from tests.integration.conftest import Person, error_code


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    return app.test_client()


def guarded_routes(app: Flask) -> Iterator[tuple[str, str]]:
    """(method, path) of every route that takes a token."""
    rules: Iterator[Rule] = app.url_map.iter_rules()
    for rule in rules:
        spec = spec_of(app.view_functions[rule.endpoint])
        if spec.access in ("user", "refresh", "admin"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, an_address(rule)


def an_address(rule: Rule) -> str:
    """A path that the rule matches."""
    values = {name: next(iter(getattr(kind, "items", ["x"]))) for name, kind in rule._converters.items()}
    built = rule.build(values)
    assert built is not None
    return built[1]


def test_every_route_says_who_may_call_it(app: Flask) -> None:
    views = {endpoint: view for endpoint, view in app.view_functions.items() if endpoint != "static"}
    assert {endpoint for endpoint, view in views.items() if spec_of(view).access is None} == set()


def test_a_route_that_does_not_say_so_stops_the_start(settings: Settings) -> None:
    app = create_app(settings)
    app.add_url_rule("/forgotten", "forgotten", lambda: "")
    with pytest.raises(RuntimeError, match="forgotten"):
        check_routes(app)


def test_no_guarded_route_answers_without_a_token(app: Flask, http: FlaskClient) -> None:
    routes = list(guarded_routes(app))
    assert len(routes) > 40
    answers = {(method, path): error_code(http.open(path, method=method)) for method, path in routes}
    assert {route: answer for route, answer in answers.items() if answer != (401, "unauthenticated")} == {}


def test_a_deactivated_user_is_nobody_on_every_guarded_route(app: Flask, admin: Person, person: Person) -> None:
    admin.patch(f"/api/users/{person.id}", {"active": False})
    routes = [(method, path) for method, path in guarded_routes(app) if path != "/api/auth/refresh"]
    codes = {person._call(method, path, None, None).get_json()["error"]["code"] for method, path in routes}
    assert codes == {"token_revoked"}


def test_an_unknown_path_is_not_found_in_json(http: FlaskClient) -> None:
    answer = http.get("/api/nothing")
    assert error_code(answer) == (404, "not_found")
    assert answer.get_json()["error"]["message"] == "There is nothing at this address."


def test_a_wrong_method_is_not_allowed_and_the_answer_says_which_are(http: FlaskClient) -> None:
    answer = http.delete("/api/auth/login")
    assert error_code(answer) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_every_status_of_the_contract_has_its_code() -> None:
    assert set(CODES) == {400, 401, 403, 404, 405, 409, 413, 415, 429, 503}
    assert {kind.status: kind.code for kind in AppError.__subclasses__()}.items() <= {
        **CODES,
        401: "token_revoked",
    }.items()


def test_an_error_on_our_side_tells_a_request_id_and_nothing_else(settings: Settings) -> None:
    app = create_app(settings)
    app.add_url_rule("/broken", "broken", lambda: str(1 / 0))
    answer = app.test_client().get("/broken")
    assert error_code(answer) == (500, "internal")
    assert answer.get_json()["error"]["details"] == {"requestId": answer.headers["X-Request-Id"]}
    assert b"ZeroDivision" not in answer.data


def test_the_301st_request_of_a_user_in_a_minute_has_to_wait(app: Flask, person: Person) -> None:
    app.extensions["rate_limits"].requests = RateLimit(OwnWindows(), "requests", 300, 60)
    statuses = [person.get("/api/auth/me").status_code for _ in range(301)]
    assert statuses == [200] * 300 + [429]
    assert 1 <= int(person.get("/api/auth/me").headers["Retry-After"]) <= 60


# --- what a route doesn't declare


NEEDED = {"realtime.events": "?room=user-x", "presence.presence": "?userIds=x"}
"""The query of each route that can't do without one, by endpoint."""


def routes_without_body(app: Flask) -> Iterator[tuple[str, str]]:
    """(method, path) of every JSON route that declares no body."""
    for rule in app.url_map.iter_rules():
        spec = spec_of(app.view_functions[rule.endpoint])
        if rule.rule.startswith(STRICT) and rule.endpoint != "monitoring.channels" and spec.body is None:
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method, an_address(rule) + NEEDED.get(rule.endpoint, "")


def test_a_body_that_a_route_does_not_take_is_refused_by_field(app: Flask, admin: Person) -> None:
    routes = list(routes_without_body(app))
    assert len(routes) > 25
    for method, path in routes:
        token = admin.refresh_token if path == "/api/auth/refresh" else admin.token
        answer = admin._call(method, path, {"surprise": 1}, {"Authorization": f"Bearer {token}"})
        assert error_code(answer) == (400, "validation_failed"), (method, path)
        assert list(answer.get_json()["error"]["details"]) == ["surprise"], (method, path)


@pytest.mark.parametrize("json", [None, {}])
def test_no_body_and_an_empty_one_are_no_body(person: Person, json: Any) -> None:
    assert person._call("POST", "/api/auth/logout", json, None).status_code == 204


def test_a_query_that_a_route_does_not_take_is_refused_by_name(admin: Person) -> None:
    for method, path in (("GET", "/api/auth/me"), ("GET", "/ws/chat"), ("DELETE", "/api/tasks/some")):
        answer = admin._call(method, f"{path}?surprise=1", None, None)
        assert error_code(answer) == (400, "validation_failed"), (method, path)
        assert list(answer.get_json()["error"]["details"]) == ["surprise"], (method, path)


def test_who_may_not_call_a_route_hears_that_first(http: FlaskClient) -> None:
    assert error_code(http.get("/api/auth/me?surprise=1")) == (401, "unauthenticated")


@pytest.mark.parametrize("path", ["/health/live", "/api-docs", "/swagger.json", "/login"])
def test_pages_documents_and_probes_do_not_mind_a_query(http: FlaskClient, path: str) -> None:
    assert http.get(f"{path}?surprise=1").status_code == 200


# --- origins


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3001", "http://localhost.evil"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_foreign_origin_is_refused(http: FlaskClient, origin: str, method: str) -> None:
    answer = http.open("/api/auth/me", method=method, headers={"Origin": origin})
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == ["origin"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_listed_origin_may_ask(http: FlaskClient) -> None:
    headers: dict[str, Any] = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }
    answer = http.options("/api/teams", headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert "idempotency-key" in answer.headers["Access-Control-Allow-Headers"].lower()


def test_the_servers_own_origin_may_ask(http: FlaskClient) -> None:
    answer = http.get("/health/live", base_url="http://tasks.example", headers={"Origin": "http://tasks.example"})
    assert answer.status_code == 200


def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(settings: Settings) -> None:
    seen = []
    for proxies in (0, 1):
        app = create_app(settings.model_copy(update={"trusted_proxies": proxies}))
        app.add_url_rule("/address", "address", lambda: str(request.remote_addr))
        seen.append(app.test_client().get("/address", headers={"X-Forwarded-For": "203.0.113.9"}).text)
    assert seen == ["127.0.0.1", "203.0.113.9"]
