"""An application of its own for each test, and people to call it.

Its database is an SQLite file. A test marked `each_database` runs a second time, on PostgreSQL; what holds on one of
them alone names it: `parametrize("database_url", ["postgresql"], indirect=True)`.
"""

import os
import pwd
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import create_app
from app.auth.models import Login
from app.auth.tokens import access_token, refresh_token
from app.config import Settings
from app.core.clock import now
from app.engine import Sessions
from app.extensions import db, socketio
from app.people.models import Role, Team, TeamMember, User
from app.presence.watch import Watch
from app.push.worker import PushWorker
from tests.support.presence import PRESENCE, new_process
from tests.support.push_service import Browser, PushService
from tests.support.services import PostgreSQL
from tests.support.transports import Clients

Heard = list[tuple[str, Any]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marked = metafunc.definition.get_closest_marker("each_database") is not None
    named = any("database_url" in mark.args for mark in metafunc.definition.iter_markers("parametrize"))
    wanted = "database_url" in metafunc.fixturenames and (marked or metafunc.config.option.each_database)
    if wanted and not named:
        metafunc.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def shared_database(postgresql: PostgreSQL) -> Iterator[str]:
    """The URL of the PostgreSQL database that every test finds empty."""
    with postgresql.database() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The database of the test; the empty string stands for an SQLite file in the instance folder."""
    on_postgresql = getattr(request, "param", "sqlite") == "postgresql"
    return request.getfixturevalue("shared_database") if on_postgresql else ""


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(instance_path=tmp_path, database_url=database_url, requests_per_minute=100_000)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    with app.app_context():
        db.create_all()
    socketio.hub.begin_at(0)
    yield app
    with app.app_context():
        if settings.database_url:
            _empty()
        db.engine.dispose()


def _empty() -> None:
    """Leave the tables of a shared database as they were made: five times as quick as making them anew."""
    tables = ", ".join(db.metadata.tables)
    with db.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


class Socket:
    """A connected Socket.IO client, in the process."""

    def __init__(self, client: SocketIOTestClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    @property
    def connected(self) -> bool:
        return bool(self._client.is_connected(self._namespace))

    def emit(self, event: str, *arguments: Any) -> Any:
        """Send a command; returns its ack."""
        return self._client.emit(event, *arguments, namespace=self._namespace, callback=True)

    def emit_without_ack(self, event: str, *arguments: Any) -> None:
        self._client.emit(event, *arguments, namespace=self._namespace)

    def close(self) -> None:
        self._client.disconnect(self._namespace)

    def heard(self, name: str | None = None) -> Heard:
        """The events since the last call, as (name, payload); with ``name`` only those of that name."""
        socketio.relay.drain()
        queue = vars(self._client)["queue"]  # get_received refuses once the socket was disconnected
        events = [(e["name"], e["args"][0]) for e in queue if e["namespace"] == self._namespace]
        queue.clear()
        return [(n, p) for n, p in events if name in (None, n)]


@dataclass
class Person:
    """A user with a login, who makes requests and opens sockets."""

    app: Flask
    http: FlaskClient
    id: str
    login_id: str
    token: str
    refresh_token: str

    def _call(self, method: str, path: str, json: Any, headers: dict[str, str] | None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        return self.http.open(path, method=method, json=json, headers=headers)

    def get(self, path: str, headers: dict[str, str] | None = None) -> TestResponse:
        return self._call("GET", path, None, headers)

    def post(self, path: str, json: Any = None, headers: dict[str, str] | None = None) -> TestResponse:
        return self._call("POST", path, json, headers)

    def put(self, path: str, json: Any = None, headers: dict[str, str] | None = None) -> TestResponse:
        return self._call("PUT", path, json, headers)

    def patch(self, path: str, json: Any = None, headers: dict[str, str] | None = None) -> TestResponse:
        return self._call("PATCH", path, json, headers)

    def delete(self, path: str, json: Any = None, headers: dict[str, str] | None = None) -> TestResponse:
        return self._call("DELETE", path, json, headers)

    def connect(self, namespace: str = "/") -> Socket:
        """Open a socket with this login's token."""
        client = socketio.test_client(self.app, namespace=namespace, auth={"token": self.token})
        return Socket(client, namespace)


NewPerson = Callable[..., Person]
Subscribe = Callable[[Person], Browser]


def make_person(
    app: Flask, role: str = Role.MEMBER, teams: tuple[str, ...] | list[str] = (), name: str = "Somebody"
) -> Person:
    """A user, who has logged in."""
    with app.app_context():
        number = db.session.query(User).count()
        user = User(email=f"person{number}@example.com", name=name, password_hash="unusable", role=role)
        db.session.add(user)
        db.session.flush()
        db.session.add_all(TeamMember(team_id=team, user_id=user.id) for team in teams)
        login = Login(user_id=user.id, expires_at=now() + timedelta(days=1))
        db.session.add(login)
        db.session.commit()
        tokens = access_token(login), refresh_token(login)
        return Person(app, app.test_client(), user.id, login.id, *tokens)


@pytest.fixture
def new_person(app: Flask) -> NewPerson:
    """Makes a user: ``new_person(role="manager", teams=[team_id])``."""
    return partial(make_person, app)


@pytest.fixture
def team(app: Flask) -> str:
    """The id of a team without members."""
    with app.app_context():
        team = Team(name="A team")
        db.session.add(team)
        db.session.commit()
        return team.id


@pytest.fixture
def person(new_person: NewPerson) -> Person:
    return new_person()


@pytest.fixture
def manager(new_person: NewPerson, team: str) -> Person:
    """Who manages ``team``."""
    return new_person(role=Role.MANAGER, teams=[team])


@pytest.fixture
def member(new_person: NewPerson, team: str) -> Person:
    """Who belongs to ``team``."""
    return new_person(teams=[team])


@pytest.fixture
def alice(new_person: NewPerson) -> Person:
    return new_person(name="Alice")


@pytest.fixture
def bob(new_person: NewPerson) -> Person:
    return new_person(name="Bob")


@pytest.fixture
def admin(new_person: NewPerson) -> Person:
    return new_person(role=Role.ADMIN)


# --- presence


@pytest.fixture
def watch(app: Flask) -> Iterator[Watch]:
    """What settles presence; its database can be read."""
    watch: Watch = app.extensions["presence"]
    with app.app_context():
        yield watch


@pytest.fixture
def process(watch: Watch) -> Sessions:
    """Another process's store of sessions; the process is alive."""
    del watch  # its database
    return new_process()


@pytest.fixture
def listener(manager: Person, team: str, watch: Watch) -> Socket:
    """A socket of the team's manager in the team's room."""
    socket = manager.connect()
    assert socket.emit("join-team", team)["ok"] is True
    watch.settle()
    socket.heard()
    return socket


@pytest.fixture
def heard(watch: Watch, listener: Socket) -> Callable[[], list[Any]]:
    """Settles what was noted; returns what the listener then hears of presence."""

    def heard() -> list[Any]:
        watch.settle()
        return [payload for _, payload in listener.heard(PRESENCE)]

    return heard


@pytest.fixture
def statuses(heard: Callable[[], list[Any]]) -> Callable[[], list[str]]:
    """As ``heard``, the statuses alone."""
    return lambda: [payload["status"] for payload in heard()]


# --- pushes


@pytest.fixture
def push_service() -> Iterator[PushService]:
    with PushService() as running:
        yield running


@pytest.fixture
def subscribe(push_service: PushService) -> Subscribe:
    """Lets a person subscribe with a new browser."""

    def subscribe(person: Person) -> Browser:
        browser = push_service.browser()
        assert person.post("/api/push/subscriptions", browser.subscription).status_code == 201
        return browser

    return subscribe


@pytest.fixture
def phone(alice: Person, subscribe: Subscribe) -> Browser:
    """Alice's."""
    return subscribe(alice)


@pytest.fixture
def worker(app: Flask) -> PushWorker:
    """What sends the pushes; it does so when it is told to."""
    worker: PushWorker = app.extensions["push_worker"]
    return worker


def operator() -> str:
    """Who acts at the command line here, as the audit trail names them."""
    return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"


def error_code(response: TestResponse) -> tuple[int, str]:
    """The status and the code of an error answer."""
    return response.status_code, response.get_json()["error"]["code"]


@pytest.fixture
def clients(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Clients:
    del app
    monkeypatch.setattr("app.engine.handshake.Handshake._ask_application", lambda *_: None)
    return Clients()
