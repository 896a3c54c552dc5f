"""Sessions that others swept, who held their process for dead, while it and its sockets live."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import eventlet
import pytest
from sqlalchemy import select, update

from app.core.clock import now
from app.engine.sessions import Session, Sessions
from app.events.models import processes, sessions
from app.extensions import socketio
from tests.support.brokers import wait_until
from tests.support.presence import new_process
from tests.support.transports import ROOM, Clients, Transport, hears, sid_of

pytestmark = pytest.mark.each_database

Rows = dict[str, list[str]]
"""The rooms of each stored session, by its connection."""


@pytest.fixture
def live(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Lets this process give signs of life, quickly."""
    del clients
    monkeypatch.setattr("app.engine.upkeep.SIGN_OF_LIFE", 0.05)
    greenlets: list[Any] = []
    yield lambda: greenlets.append(eventlet.spawn(socketio.recovery.upkeep._live))
    for greenlet in greenlets:
        greenlet.kill()


@pytest.fixture
def other(clients: Clients) -> Sessions:
    """Another process."""
    del clients
    return new_process()


@pytest.fixture
def client(clients: Clients) -> Transport:
    """In the room, by its connection ``here``."""
    socketio.sessions.tell_alive()
    transport = Transport("here")
    clients.connect(transport)
    socketio.recovery.enter(sid_of("here"), "/", ROOM)
    return transport


@pytest.fixture
def swept(client: Transport, other: Sessions) -> Transport:
    """Its session was swept by the other process."""
    seen_at = now() - timedelta(seconds=121)
    with socketio.relay._begin() as connection:
        this = processes.c.id == socketio.sessions.process
        connection.execute(update(processes).where(this).values(seen_at=seen_at))
    assert other.sweep() == 1
    assert stored() == {}
    return client


def stored() -> Rows:
    with socketio.relay._begin() as connection:
        rows = connection.execute(select(sessions.c.connection, sessions.c.rooms)).all()
    return {connection: list(json.loads(rooms)["entered"]) for connection, rooms in rows}


def is_stored(*connections: str) -> bool:
    eventlet.sleep(0.01)
    return set(stored()) == set(connections)


def pid_of(connection: str) -> str:
    return socketio.recovery._clients[sid_of(connection)].session.pid


def test_with_the_next_sign_of_life_they_are_stored_again(swept: Transport, live: Callable[[], None]) -> None:
    live()
    wait_until(lambda: is_stored("here"))
    assert stored() == {"here": [ROOM]}
    assert not swept.closed
    assert hears(swept)


def test_their_users_are_connected_again(swept: Transport, live: Callable[[], None]) -> None:
    del swept
    assert socketio.presence.of(["u"]) == {}
    live()
    wait_until(lambda: is_stored("here"))
    assert socketio.presence.of(["u"]) == {"u": {"d": 1}}


def test_it_is_told_that_their_users_changed(
    swept: Transport, monkeypatch: pytest.MonkeyPatch, live: Callable[[], None]
) -> None:
    del swept
    told: list[str] = []
    monkeypatch.setattr(socketio.sessions, "on_change", told.extend)
    live()
    wait_until(lambda: eventlet.sleep(0.01) or told == ["u"])


def test_a_client_goes_on_with_a_session_that_was_stored_again(
    swept: Transport, clients: Clients, live: Callable[[], None]
) -> None:
    pid = pid_of("here")
    live()
    wait_until(lambda: is_stored("here"))
    swept.close()
    back = Transport("back")
    clients.connect(back, pid)
    assert pid_of("back") == pid
    assert hears(back)


def test_what_could_not_be_stored_again_is_at_the_next_sign(
    swept: Transport, monkeypatch: pytest.MonkeyPatch, live: Callable[[], None]
) -> None:
    del swept
    restore, failures = socketio.sessions.restore, iter([ConnectionError(), ConnectionError()])

    def fail_twice(lost: list[Session]) -> None:
        for failure in failures:
            raise failure
        restore(lost)

    monkeypatch.setattr(socketio.sessions, "restore", fail_twice)
    live()
    wait_until(lambda: is_stored("here"))


def test_one_that_another_connection_went_on_with_stays_its(client: Transport, other: Sessions) -> None:
    del client
    session = socketio.recovery._clients[sid_of("here")].session
    other.claim(session.pid, "/", session.owner, by="there")
    socketio.recovery._restore()
    assert stored() == {"there": [ROOM]}


def test_a_client_that_goes_while_its_session_is_stored_again_waits_for_its_comeback(
    swept: Transport, monkeypatch: pytest.MonkeyPatch, live: Callable[[], None]
) -> None:
    restore = socketio.sessions.restore

    def go_meanwhile(lost: list[Session]) -> None:
        swept.close()
        eventlet.sleep(0.05)  # its end is stored, as far as there is something to store it in
        restore(lost)

    monkeypatch.setattr(socketio.sessions, "restore", go_meanwhile)
    live()
    wait_until(lambda: is_stored("here"))
    wait_until(lambda: eventlet.sleep(0.01) or socketio.presence.of(["u"]) == {})


def test_a_room_that_is_entered_meanwhile_is_stored_too(
    swept: Transport, monkeypatch: pytest.MonkeyPatch, live: Callable[[], None]
) -> None:
    del swept
    restore = socketio.sessions.restore

    def enter_meanwhile(lost: list[Session]) -> None:
        eventlet.spawn(socketio.recovery.enter, sid_of("here"), "/", "team-2")
        eventlet.sleep(0.05)
        restore(lost)

    monkeypatch.setattr(socketio.sessions, "restore", enter_meanwhile)
    live()
    wait_until(lambda: eventlet.sleep(0.01) or stored() == {"here": [ROOM, "team-2"]})
