"""A client that comes back while it is already on its way back, and what else happens while a database is slow."""

from collections.abc import Callable, Collection
from typing import Any

import eventlet
import pytest
from sqlalchemy import update

from app.core.clock import now
from app.engine import Envelope, Owner
from app.engine.history import Bound
from app.engine.offsets import Offset
from app.engine.sessions import Session
from app.events.models import sessions
from app.extensions import socketio
from app.realtime.allowance import Allowance, TokenBucket
from app.realtime.connections import Connection
from app.realtime.lifecycle import joined_rooms
from tests.support.transports import ROOM, Clients, Transport, hears, sid_of


@pytest.fixture
def lost(clients: Clients) -> str:
    """The pid of a session whose socket was in the room, and whose link was cut."""
    transport = Transport("first")
    clients.connect(transport)
    sid = sid_of("first")
    pid = socketio.recovery._clients[sid].session.pid
    socketio.recovery.enter(sid, "/", ROOM)
    transport.close()
    eventlet.sleep(0.05)  # storing that is left to a greenlet
    return pid


@pytest.mark.parametrize("delays", [(0.2, 0.0), (0.2, 0.1), (0.1, 0.2), (0.1, 0.1)])
def test_a_client_that_comes_back_a_second_time_meanwhile_hears_on(
    delays: tuple[float, float], clients: Clients, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, pauses = socketio.recovery._history, iter(delays)
    read = history.all_after

    def read_slowly(rooms: Collection[str], seq: int, most: Bound) -> list[Envelope] | None:
        eventlet.sleep(next(pauses))
        return read(rooms, seq, most)

    monkeypatch.setattr(history, "all_after", read_slowly)
    given_up, current = Transport("given up"), Transport("current")
    first = eventlet.spawn(clients.connect, given_up, lost)
    eventlet.sleep(0.05)
    clients.connect(current, lost)
    first.wait()
    assert not current.closed
    assert hears(current)
    assert not given_up.sent
    assert [eio_sid for _, eio_sid in socketio.hub.get_participants("/", None)] == ["current"]


def test_a_room_that_is_entered_during_a_recovery_is_kept(clients: Clients, lost: str) -> None:
    transport = Transport("back")

    def allowed(_: str, rooms: Collection[str]) -> set[str]:
        socketio.recovery.enter_soon(sid_of("back"), "/", "chat-new")
        return set(rooms)

    clients.allowed = allowed
    clients.connect(transport, lost)
    assert "chat-new" in socketio.hub.get_rooms(sid_of("back"), "/")


def test_a_room_that_may_not_be_heard_any_more_is_left_at_a_recovery(clients: Clients, lost: str) -> None:
    clients.allowed = lambda *_: set()
    transport = Transport("back")
    clients.connect(transport, lost)
    assert not hears(transport)


def test_rooms_that_were_joined_before_a_cut_count_behind_it(clients: Clients, lost: str) -> None:
    transport = Transport("back")
    clients.connect(transport, lost)
    connection = Connection(
        sid_of("back"), "/", "back", "u", "d", now(), Allowance(TokenBucket(1, 1), TokenBucket(1, 1))
    )
    assert joined_rooms(connection) == {ROOM}


@pytest.mark.parametrize("may_hear", [True, False])
def test_who_missed_too_much_has_the_rooms_that_it_was_given_meanwhile_as_far_as_it_still_may_hear_them(
    may_hear: bool, clients: Clients, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: Any) -> None:
        socketio.recovery.enter_soon(sid_of("back"), "/", "chat-new")

    monkeypatch.setattr(socketio.recovery._history, "all_after", too_much)
    clients.allowed = lambda _, rooms: set(rooms) if may_hear else set()
    clients.connect(Transport("back"), lost)
    assert ("chat-new" in socketio.hub.get_rooms(sid_of("back"), "/")) is may_hear


def test_a_session_that_another_version_has_stored_is_none(clients: Clients, lost: str) -> None:
    with socketio.relay._begin() as connection:
        connection.execute(update(sessions).where(sessions.c.pid == lost).values(rooms='[["team-1", 1, 1]]'))
    assert socketio.presence.rooms() == {}
    clients.connect(Transport("back"), lost)
    assert socketio.recovery._clients[sid_of("back")].session.pid != lost


def test_a_client_that_recovers_over_the_connection_that_it_has_keeps_it(clients: Clients, lost: str) -> None:
    transport = Transport("the one")
    socketio.recovery._sessions.claim(lost, "/", Owner("u", "d"), by="the one")  # it was refused behind that
    clients.connect(transport, lost)
    assert not transport.closed
    assert hears(transport)


def test_a_join_that_fails_while_it_reads_the_past_is_none(
    clients: Clients, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = Transport("back")
    clients.connect(transport, lost)
    sid = sid_of("back")

    def fail(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(socketio.recovery._history, "all_after", fail)
    with pytest.raises(ConnectionError):
        socketio.recovery.enter(sid, "/", "team-2", Offset(-1))
    assert "team-2" not in socketio.hub.get_rooms(sid, "/")


def test_nobody_is_let_in_before_the_newest_event_is_known(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.recovery.PATIENCE", 0.1)
    monkeypatch.setattr("app.engine.handshake.HOLD", 0)
    monkeypatch.setattr(socketio.hub, "begun", eventlet.event.Event())
    too_early = Transport("too early")
    clients.connect(too_early)
    assert too_early.closed
    eventlet.spawn_after(0.01, socketio.hub.begin_at, 7)
    in_time = Transport("in time")
    clients.connect(in_time)
    sid = sid_of("in time")
    assert socketio.recovery._clients[sid].session.began_at == 7


def go_while_stored(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, transport: Transport, go: Callable[[Session], None]
) -> None:
    """Connect, and be let go before the session is in the store."""
    sessions = socketio.recovery._sessions
    sessions.tell_alive()
    add = sessions.add

    def add_late(session: Session) -> None:
        go(session)
        eventlet.sleep(0.05)  # it is let go in the meantime
        add(session)

    monkeypatch.setattr(sessions, "add", add_late)
    clients.connect(transport)
    eventlet.sleep(0.05)


def test_a_client_that_goes_while_its_session_is_stored_leaves_none(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = Transport("gone")
    go_while_stored(clients, monkeypatch, transport, lambda _: transport.close())
    assert socketio.presence.of(["u"]) == {}


def test_a_session_that_is_let_go_before_it_is_stored_leaves_none(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    def let_go(session: Session) -> None:
        socketio.recovery.disconnected(session.sid, "transport close", for_good=False)

    go_while_stored(clients, monkeypatch, Transport("gone"), let_go)
    assert socketio.presence.of(["u"]) == {}


def test_a_command_of_the_old_connection_that_ends_during_a_comeback_releases_nothing(
    clients: Clients, lost: str
) -> None:
    transport = Transport("back")

    def allowed(_: str, rooms: Collection[str]) -> set[str]:
        socketio.recovery.flush(sid_of("back"))  # as behind every command
        assert not hears(transport)
        return set(rooms)

    clients.allowed = allowed
    clients.connect(transport, lost)
    connect, event = transport.sent
    assert connect.startswith("0")
    assert "hello" in event
