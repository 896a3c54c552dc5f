"""Who is connected, on which device, over all processes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import eventlet
import pytest
from flask import Flask
from sqlalchemy import Connection

from app.engine import Owner, Sessions
from app.extensions import socketio
from tests.integration.conftest import NewPerson, Person, Socket
from tests.support.brokers import wait_until
from tests.support.presence import connect, crash
from tests.support.presence import new_process as a_process

pytestmark = pytest.mark.each_database

NewProcess = Callable[[], Sessions]


@pytest.fixture
def new_process(app: Flask) -> Iterator[NewProcess]:
    """A further process's store of sessions; the process is alive."""
    with app.app_context():
        yield a_process


@pytest.fixture
def process(new_process: NewProcess) -> Sessions:
    return new_process()


def connected(*users: str) -> dict[str, dict[str, int]]:
    return {owner: dict(devices) for owner, devices in socketio.presence.of(users).items()}


def test_connections_count_by_user_and_device_over_all_processes(new_process: NewProcess) -> None:
    here, there = new_process(), new_process()
    connect(here, "alice", "phone")
    connect(there, "alice", "laptop")
    connect(here, "alice", "laptop")
    connect(there, "bob", "laptop")
    assert connected("alice", "bob", "eve") == {"alice": {"phone": 1, "laptop": 2}, "bob": {"laptop": 1}}


def test_nobody_else_is_told_of(process: Sessions) -> None:
    connect(process, "alice", "phone")
    assert connected("bob") == {}


def test_sockets_in_several_namespaces_are_one_connection(process: Sessions) -> None:
    for _ in range(3):
        connect(process, "alice", "phone", connection="the one")
    assert connected("alice") == {"alice": {"phone": 1}}


def test_a_lost_connection_does_not_count(process: Sessions) -> None:
    process.lose([connect(process, "alice", "phone")])
    assert connected("alice") == {}


def test_one_that_came_back_counts_with_the_device_that_it_came_with(new_process: NewProcess) -> None:
    here, there = new_process(), new_process()
    session = connect(here, "alice", "phone")
    here.lose([session])
    there.claim(session.pid, "/", Owner("alice", "laptop"), by="another")
    assert connected("alice") == {"alice": {"laptop": 1}}


def test_what_an_old_connection_loses_late_does_not_count_against_its_successor(process: Sessions) -> None:
    session = connect(process, "alice", "phone")
    process.claim(session.pid, "/", session.owner, by="another")
    process.lose([session])
    assert connected("alice") == {"alice": {"phone": 1}}


def test_connections_of_a_process_that_gives_no_sign_of_life_expire(new_process: NewProcess) -> None:
    crashed, alive = new_process(), new_process()
    connect(crashed, "alice", "phone")
    connect(alive, "alice", "laptop")
    crash(crashed)
    assert connected("alice") == {"alice": {"laptop": 1}}


@pytest.mark.parametrize("auth", [{}, {"recovery": False}])
def test_the_rooms_of_a_socket_are_known_whether_or_not_it_can_recover(
    app: Flask, person: Person, auth: dict[str, bool]
) -> None:
    socket = Socket(socketio.test_client(app, auth={"token": person.token} | auth), "/")
    room = f"notifications-{person.id}"
    socket.emit("join-notifications", person.id)
    assert socketio.presence.rooms()[room] == 1
    socket.emit("leave-notifications", person.id)
    wait_until(lambda: eventlet.sleep() or not socketio.presence.rooms()[room])


@pytest.mark.parametrize("auth", [{}, {"recovery": False}])
def test_a_socket_counts_from_its_connect_to_its_end(app: Flask, person: Person, auth: dict[str, bool]) -> None:
    socketio.recovery.upkeep._sessions.tell_alive()
    client = socketio.test_client(app, auth={"token": person.token} | auth)
    assert connected(person.id) == {person.id: {person.login_id: 1}}
    client.disconnect()
    wait_until(lambda: eventlet.sleep() or not connected(person.id))  # storing that is left to a greenlet


def test_an_end_that_can_not_be_stored_is_stored_later(
    app: Flask, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.upkeep.SIGN_OF_LIFE", 0.05)
    upkeep = socketio.recovery.upkeep
    upkeep._sessions.tell_alive()
    client = socketio.test_client(app, auth={"token": person.token})
    store, away = upkeep._sessions._begin, True

    def begin() -> AbstractContextManager[Connection]:
        if away:
            raise ConnectionError
        return store()

    monkeypatch.setattr(upkeep._sessions, "_begin", begin)
    client.disconnect()
    eventlet.sleep(0.2)
    assert connected(person.id) == {person.id: {person.login_id: 1}}
    away = False
    wait_until(lambda: eventlet.sleep(0.01) or not connected(person.id))


def test_a_refused_socket_does_not_count(app: Flask, new_person: NewPerson) -> None:
    socketio.recovery.upkeep._sessions.tell_alive()
    person = new_person()
    person.post("/api/auth/logout")
    socketio.test_client(app, auth={"token": person.token})
    assert connected(person.id) == {}
