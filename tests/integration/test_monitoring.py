"""What admins see of the processes: samples, rooms, people, alerts, and the way of an event."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import eventlet
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.clock import now
from app.events.monitoring import AlertLevel
from app.extensions import db, socketio
from app.monitoring.alerts import Alerts
from app.monitoring.models import Alert, ProcessSample
from app.monitoring.recorder import KEPT, Recorder
from app.monitoring.sampler import Sampler
from app.monitoring.thresholds import RAISED_AFTER, RESOLVED_AFTER
from app.presence.watch import Watch
from tests.integration.conftest import NewPerson, Person, Socket, error_code
from tests.support.presence import connect, crash, new_process

pytestmark = pytest.mark.each_database

SYSTEM_ALERT = "system-alert"


def notify(person: Person) -> None:
    body = {"userId": person.id, "type": "t", "title": "T", "message": "M"}
    assert person.post("/api/notifications", body).status_code == 201
    socketio.relay.drain()


def asked(admin: Person, path: str) -> list[dict[str, Any]]:
    answer = admin.get(f"/api/monitoring/{path}")
    assert answer.status_code == 200, answer.get_json()
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return items


# --- samples


@pytest.fixture
def recorder(app: Flask) -> Recorder:
    return Recorder(app)


@pytest.fixture
def sampler(app: Flask) -> Sampler:
    del app
    return Sampler()


@pytest.fixture
def record(app: Flask, recorder: Recorder, sampler: Sampler) -> Callable[..., None]:
    """Takes and stores one sample."""

    def record(*, clean: bool = False) -> None:
        with app.app_context():
            recorder.record(sampler, clean=clean)

    return record


def test_a_sample_tells_what_happened_since_the_one_before_it(
    admin: Person, person: Person, record: Callable[..., None]
) -> None:
    for _ in range(2):
        person.connect("/ws/notifications")
    record()
    notify(person)
    person.http.get("/api/tasks")
    record()
    before, after = asked(admin, "samples")
    assert before["deliveriesPerSecond"] == 0
    assert before["latencyP50"] is None
    assert round(after["deliveriesPerSecond"] * after["seconds"]) == 2
    assert round(after["eventsPerSecond"] * after["seconds"]) == 1
    assert 0 < after["latencyP50"] <= after["latencyP99"] < 60_000
    assert (after["authFailures"], after["backlog"], after["slowConsumers"]) == (1, 0, 0)
    assert after["process"] == socketio.sessions.process
    assert after["memory"] > 10


def test_a_sample_tells_who_went_and_why(admin: Person, person: Person, record: Callable[..., None]) -> None:
    socket = person.connect()
    record()
    socket.close()
    record()
    assert [sample["disconnects"] for sample in asked(admin, "samples")][-1] == {"client disconnect": 1}


def test_samples_are_asked_for_from_a_moment_on(admin: Person, record: Callable[..., None]) -> None:
    for _ in range(3):
        record()
        eventlet.sleep(0.002)
    first, *rest = asked(admin, "samples")
    assert asked(admin, f"samples?after={first['at']}") == rest


def test_samples_are_kept_for_an_hour(app: Flask, admin: Person, record: Callable[..., None]) -> None:
    record()
    with app.app_context():
        old = db.session.query(ProcessSample).one()
        old.at = now() - KEPT - timedelta(seconds=1)
        db.session.commit()
    record()
    assert len(asked(admin, "samples")) == 2
    record(clean=True)
    assert len(asked(admin, "samples")) == 2


# --- rooms and people


def test_rooms_are_told_with_all_their_sockets_the_largest_first(
    admin: Person, member: Person, manager: Person, team: str
) -> None:
    socketio.sessions.tell_alive()
    for person in (member, manager):
        assert person.connect().emit("join-team", team)["ok"]
    assert member.connect().emit("join-notifications", member.id)["ok"]
    rooms = [item for item in asked(admin, "rooms") if not item["room"].startswith("@")]
    assert rooms[0] == {"room": f"team-{team}", "sockets": 2}
    assert {"room": f"notifications-{member.id}", "sockets": 1} in rooms
    assert len(asked(admin, "rooms?limit=1")) == 1


def test_the_sockets_of_a_dead_process_are_in_no_room(app: Flask, admin: Person, member: Person) -> None:
    dead = new_process()
    session = connect(dead, member.id)
    session.rooms.enter("a-room", 0)
    dead.save(session)
    assert asked(admin, "rooms") == [{"room": "a-room", "sockets": 1}]
    with app.app_context():
        crash(dead)
    assert asked(admin, "rooms") == []


def test_people_are_told_with_their_devices_those_online_first(
    admin: Person, new_person: NewPerson, watch: Watch
) -> None:
    process = new_process()
    left, away, online = (new_person(name=name) for name in ("Left", "Away", "Online"))
    for person in (left, away, online):
        connect(process, person.id, device="laptop", connection=person.id)
    connect(process, online.id, device="phone")
    watch.settle()
    process.set_away(away.id, away.id, away=True)
    watch.settle()
    found = {person["name"]: person for person in asked(admin, "people")}
    assert list(found)[-1] == "Away"
    assert (found["Online"]["status"], found["Online"]["devices"]) == ("online", 2)
    assert (found["Away"]["status"], found["Away"]["devices"]) == ("away", 1)


# --- alerts


@pytest.fixture
def lag(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the next samples say of the event loop, in milliseconds; the last one stays."""
    values = [0.0]
    take = Sampler.take

    def lagging(self: Sampler) -> Any:
        value = values.pop(0) if len(values) > 1 else values[0]
        return take(self).model_copy(update={"hub_lag": value})

    monkeypatch.setattr(Sampler, "take", lagging)
    return values


@pytest.fixture
def admins_socket(admin: Person) -> Socket:
    socket = admin.connect()
    assert socket.emit("join-user", admin.id)["ok"]
    return socket


def test_an_alert_is_told_to_admins_once_raised_and_once_resolved(
    admin: Person, admins_socket: Socket, record: Callable[..., None], lag: list[float]
) -> None:
    lag[:] = [900.0]
    for _ in range(RAISED_AFTER + 2):
        record()
    ((_, raised),) = admins_socket.heard(SYSTEM_ALERT)
    assert (raised["code"], raised["level"], raised["value"], raised["threshold"]) == ("hub_lag", "critical", 900, 200)
    assert raised["resolvedAt"] is None
    assert socketio.sessions.process in raised["message"]
    lag[:] = [1.0]
    for _ in range(RESOLVED_AFTER + 2):
        record()
    ((_, resolved),) = admins_socket.heard(SYSTEM_ALERT)
    assert resolved["id"] == raised["id"]
    assert resolved["resolvedAt"] > resolved["since"] == raised["since"]
    (item,) = asked(admin, "alerts")
    assert item == resolved | {"process": socketio.sessions.process}


def test_an_alert_is_told_to_nobody_else(person: Person, record: Callable[..., None], lag: list[float]) -> None:
    socket = person.connect()
    assert socket.emit("join-user", person.id)["ok"]
    lag[:] = [900.0]
    for _ in range(RAISED_AFTER):
        record()
    assert socket.heard(SYSTEM_ALERT) == []


def test_an_alert_is_a_line_in_the_log(
    record: Callable[..., None], lag: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    lag[:] = [900.0]
    with caplog.at_level("WARNING", logger="app.monitoring.alerts"):
        for _ in range(RAISED_AFTER):
            record()
    assert [record.getMessage() for record in caplog.records if "hub_lag" in record.getMessage()]


def test_an_alert_of_a_process_that_died_is_resolved_by_another(
    app: Flask, admin: Person, admins_socket: Socket, record: Callable[..., None]
) -> None:
    dead = new_process()
    with app.app_context():
        db.session.add(
            Alert(
                process=dead.process,
                code="hub_lag",
                level=AlertLevel.CRITICAL,
                message="Late",
                value=1,
                threshold=1,
                since=now(),
                resolved_at=None,
            )
        )
        db.session.commit()
    record(clean=True)
    assert admins_socket.heard(SYSTEM_ALERT) == []
    with app.app_context():
        crash(dead)
    record(clean=True)
    ((_, resolved),) = admins_socket.heard(SYSTEM_ALERT)
    assert resolved["resolvedAt"]
    assert asked(admin, "alerts")[0]["resolvedAt"]


@contextmanager
def without_alerts(app: Flask) -> Iterator[None]:
    """No alert can be stored."""
    with app.app_context():
        _rename(app, "alerts", "away")
        try:
            yield
        finally:
            db.session.rollback()
            _rename(app, "away", "alerts")


def _rename(app: Flask, old: str, new: str) -> None:
    with app.app_context():
        db.session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))
        db.session.commit()


def test_an_end_that_could_not_be_stored_is_told_with_the_next_sample(
    app: Flask, admin: Person, record: Callable[..., None], lag: list[float]
) -> None:
    lag[:] = [900.0]
    for _ in range(RAISED_AFTER):
        record()
    lag[:] = [1.0]
    with without_alerts(app), pytest.raises(DBAPIError):
        for _ in range(RESOLVED_AFTER):
            record()
    assert asked(admin, "alerts")[0]["resolvedAt"] is None
    record()
    assert asked(admin, "alerts")[0]["resolvedAt"]


def test_a_threshold_of_0_turns_an_alert_off(app: Flask) -> None:
    settings = app.extensions["settings"].model_copy(update={"alert_hub_lag_ms": 0})
    assert "hub_lag" not in {watched.threshold.code for watched in Alerts(settings)._watched}


# --- the way of an event


def test_the_way_of_an_event_says_when_it_was_published_numbered_and_written_to_how_many(
    admin: Person, person: Person
) -> None:
    socketio.sessions.tell_alive()
    for _ in range(3):
        person.connect("/ws/notifications")
    notify(person)
    way = admin.get(f"/api/monitoring/ways/{socketio.hub.offset}").get_json()
    assert (way["seq"], way["event"]) == (socketio.hub.seq, "new-notification")
    (process,) = way["processes"]
    assert (process["process"], process["sockets"]) == (socketio.sessions.process, 3)
    assert way["publishedAt"] <= way["numberedAt"] <= process["writtenAt"]
    assert 0 <= process["latency"] < 60_000


def test_of_an_event_that_nobody_remembers_there_is_none(admin: Person) -> None:
    assert error_code(admin.get("/api/monitoring/ways/12345")) == (404, "not_found")
    assert error_code(admin.get("/api/monitoring/ways/nonsense")) == (404, "not_found")


# --- rights


@pytest.mark.parametrize("path", ["samples", "rooms", "people", "alerts", "ways/1"])
def test_it_is_for_admins_alone(manager: Person, path: str) -> None:
    assert error_code(manager.get(f"/api/monitoring/{path}")) == (403, "forbidden")
