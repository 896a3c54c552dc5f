"""``/metrics``: what is counted, under which name, and who may read it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from app.config import Settings
from app.engine import Envelope
from app.events.registry import COMMANDS, EVENTS
from app.extensions import socketio
from tests.integration.conftest import Person, error_code

Value = Callable[..., float]
SECRET = "a-secret-that-is-long-enough-for-production-0123456789"
ABROAD = {"REMOTE_ADDR": "203.0.113.7"}


def scrape(app: Flask) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = app.test_client().get("/metrics").get_data(as_text=True)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def value(app: Flask) -> Value:
    """The value of a metric now: ``value("realtime_connects_total", namespace="/")``."""

    def value(name: str, **labels: str) -> float:
        return scrape(app).get((name, frozenset(labels.items())), 0.0)

    return value


def growth(value: Value, cause: Callable[[], object], name: str, **labels: str) -> float:
    """By how much a counter grows. It counts for all applications of the test process."""
    before = value(name, **labels)
    cause()
    return value(name, **labels) - before


# --- the form


def test_it_is_what_prometheus_reads(app: Flask) -> None:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    names = {family.name for family in text_string_to_metric_families(answer.get_data(as_text=True))}
    assert {"realtime_connections", "realtime_hub_lag_seconds", "process_resident_memory_bytes"} <= names


def test_every_metric_has_help_and_none_is_there_twice(app: Flask) -> None:
    text = app.test_client().get("/metrics").get_data(as_text=True)
    families = list(text_string_to_metric_families(text))
    assert [family.name for family in families if not family.documentation] == []
    assert len({family.name for family in families}) == len(families)


def test_no_label_holds_what_a_client_chose(app: Flask, person: Person, value: Value) -> None:
    person.http.get("/some/where/else")
    person.http.open("/api/tasks", method="BREW")
    person.connect().emit("no-such-command", {})
    socketio.hub.deliver(Envelope("no-such-event", "1", ("somewhere",)))
    labels = {text for _, pairs in scrape(app) for _, text in pairs}
    assert not labels & {"/some/where/else", "BREW", "no-such-command", "no-such-event", "somewhere", person.id}
    assert value("realtime_http_requests_total", method="GET", route="none", status="404") >= 1


# --- what is counted


def test_connects_and_disconnects_by_reason(person: Person, value: Value) -> None:
    def come_and_go() -> None:
        person.connect().close()

    assert growth(value, come_and_go, "realtime_connects_total", namespace="/") == 1
    assert growth(value, come_and_go, "realtime_disconnects_total", reason="client disconnect") == 1


def test_sockets_by_namespace_and_rooms(person: Person, value: Value) -> None:
    person.connect()
    assert person.connect("/ws/tasks").emit("join-user", person.id)["ok"]
    assert value("realtime_sockets", namespace="/") == 1
    assert value("realtime_sockets", namespace="/ws/tasks") == 1
    assert value("realtime_rooms") == 2, "tasks- and user-; those of a user and of a login are inner ones"


def test_events_and_deliveries_by_name_and_how_long_they_took(person: Person, value: Value) -> None:
    sockets = [person.connect("/ws/notifications") for _ in range(2)]

    def notify() -> None:
        person.post("/api/notifications", {"userId": person.id, "type": "t", "title": "T", "message": "M"})
        sockets[0].heard()

    assert growth(value, notify, "realtime_events_total", event="new-notification") == 1
    assert growth(value, notify, "realtime_deliveries_total", event="new-notification") == 2
    assert growth(value, notify, "realtime_delivery_seconds_count") == 1
    assert growth(value, notify, "realtime_delivery_seconds_sum") < 60


def test_an_event_that_nobody_heard_has_no_latency(person: Person, value: Value) -> None:
    def notify() -> None:
        person.post("/api/notifications", {"userId": person.id, "type": "t", "title": "T", "message": "M"})
        socketio.relay.drain()

    assert growth(value, notify, "realtime_delivery_seconds_count") == 0


def test_an_event_that_may_be_held_on_purpose_has_no_latency(person: Person, value: Value) -> None:
    socket = person.connect("/ws/tasks")
    task = person.post("/api/tasks", {"title": "T"}).get_json()["id"]
    socket.heard()

    def progress() -> None:
        person.patch(f"/api/tasks/{task}/progress", {"progress": 40})
        assert socket.heard("task-progress-updated")

    assert growth(value, progress, "realtime_delivery_seconds_count") == 0


def test_commands_by_outcome(person: Person, value: Value) -> None:
    socket = person.connect()
    join = "join-notifications"
    assert (
        growth(value, lambda: socket.emit(join, person.id), "realtime_commands_total", command=join, outcome="ok") == 1
    )
    refused = {"command": join, "outcome": "forbidden"}
    assert growth(value, lambda: socket.emit(join, "another"), "realtime_commands_total", **refused) == 1
    unknown = {"command": "unknown", "outcome": "not_found"}
    assert growth(value, lambda: socket.emit("brew", {}), "realtime_commands_total", **unknown) == 1


def test_commands_that_come_too_fast(app: Flask, person: Person, value: Value) -> None:
    socket = person.connect()
    burst = app.extensions["settings"].commands_burst

    def flood() -> None:
        for _ in range(burst + 20):
            socket.emit("leave-user", person.id)

    limited = {"command": "leave-user", "outcome": "rate_limited"}
    assert growth(value, flood, "realtime_commands_total", **limited) > 0


def test_joins_that_were_refused_by_kind_of_room(person: Person, value: Value) -> None:
    socket = person.connect()
    refused = {"kind": "team", "code": "forbidden"}
    assert growth(value, lambda: socket.emit("join-team", "x"), "realtime_joins_refused_total", **refused) == 1


def test_requests_by_route_and_status(person: Person, value: Value) -> None:
    known = {"method": "GET", "route": "/api/tasks/<id>", "status": "404"}
    assert growth(value, lambda: person.get("/api/tasks/x"), "realtime_http_requests_total", **known) == 1
    seconds = {"method": "GET", "route": "/api/tasks/<id>"}
    assert growth(value, lambda: person.get("/api/tasks/x"), "realtime_http_request_seconds_count", **seconds) == 1


def test_tokens_and_logins_that_were_refused(app: Flask, person: Person, value: Value) -> None:
    def refused(where: str, cause: Callable[[], object], code: str = "unauthenticated") -> float:
        return growth(value, cause, "realtime_auth_failures_total", where=where, code=code)

    wrong = {"email": "person0@example.com", "password": "wrong-password"}
    assert refused("login", lambda: person.http.post("/api/auth/login", json=wrong)) == 1
    assert refused("http", lambda: person.http.get("/api/tasks")) == 1
    assert refused("socket", lambda: socketio.test_client(app, auth={"token": "x"})) == 1
    token = person.token
    person.post("/api/auth/logout")
    assert refused("socket", lambda: socketio.test_client(app, auth={"token": token}), "token_revoked") == 1


@pytest.mark.each_database
def test_the_backlog_and_its_age(person: Person, value: Value) -> None:
    assert (value("realtime_outbox_backlog"), value("realtime_outbox_oldest_seconds")) == (0, 0)
    person.post("/api/notifications", {"userId": person.id, "type": "t", "title": "T", "message": "M"})
    assert value("realtime_outbox_backlog") == 1
    assert 0 <= value("realtime_outbox_oldest_seconds") < 60
    socketio.relay.drain()
    assert value("realtime_outbox_backlog") == 0


def test_a_database_that_is_away_is_told_and_all_else_is_there(
    app: Flask, value: Value, monkeypatch: pytest.MonkeyPatch
) -> None:
    del app

    def away(*_: Any) -> Any:
        raise TimeoutError

    monkeypatch.setattr("app.monitoring.collector.backlog", away)
    assert value("realtime_database_up") == 0
    assert value("realtime_hub_lag_seconds_count") >= 0
    assert value("process_open_fds") > 0


def test_the_catalogue_bounds_the_labels() -> None:
    assert len(EVENTS) + 1 < 50
    assert len(COMMANDS) + 1 < 50


# --- who may read it


@pytest.fixture
def production(settings: Settings) -> Callable[..., FlaskClient]:
    def start(**rest: Any) -> FlaskClient:
        secrets = {"app_env": "production", "secret_key": SECRET, "jwt_secret_key": SECRET[::-1]}
        return create_app(settings.model_copy(update=secrets | rest)).test_client()

    return start


def test_in_production_callers_on_the_same_machine_are_let_in(production: Callable[..., FlaskClient]) -> None:
    assert production().get("/metrics").status_code == 200


@pytest.mark.parametrize(
    "caller",
    [{"environ_base": ABROAD}, {"headers": {"X-Forwarded-For": "203.0.113.7"}}, {"environ_base": {"REMOTE_ADDR": ""}}],
)
def test_in_production_others_are_not(production: Callable[..., FlaskClient], caller: dict[str, Any]) -> None:
    assert error_code(production().get("/metrics", **caller)) == (403, "forbidden")


def test_behind_a_trusted_proxy_the_address_that_it_names_counts(production: Callable[..., FlaskClient]) -> None:
    client = production(trusted_proxies=1)
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 200


def test_who_brings_the_token_is_let_in_from_anywhere(production: Callable[..., FlaskClient]) -> None:
    client = production(metrics_token="a-token")
    bearer = {"Authorization": "Bearer a-token"}
    assert client.get("/metrics", headers=bearer, environ_base=ABROAD).status_code == 200


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer another"}, {"Authorization": "Basic a-token"}])
def test_who_does_not_is_refused_wherever_it_is(production: Callable[..., FlaskClient], header: dict[str, str]) -> None:
    client = production(metrics_token="a-token")
    assert error_code(client.get("/metrics", headers=header)) == (401, "unauthenticated")
