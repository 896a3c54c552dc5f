"""What others hear of a user's comings and goings, and who hears it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from math import inf
from typing import Any

import eventlet
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from app.core.clock import iso, now
from app.core.ids import new_id
from app.core.transaction import transaction
from app.engine import Sessions
from app.events.presence import PresenceStatus
from app.extensions import db, socketio
from app.people.models import User
from app.presence import service
from app.presence.models import UserPresence
from app.presence.queries import connected
from app.presence.watch import BATCH, Watch
from tests.integration.conftest import NewPerson, Person, Socket
from tests.support.brokers import wait_until
from tests.support.chat import start
from tests.support.outbox import listen
from tests.support.presence import connect, crash, lose, new_process

PRESENCE = "presence-changed"


@pytest.fixture
def watch(app: Flask) -> Iterator[Watch]:
    watch: Watch = app.extensions["presence"]
    with app.app_context():
        yield watch


@pytest.fixture
def process(watch: Watch) -> Sessions:
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
    return lambda: [payload["status"] for payload in heard()]


def told(user_id: str) -> UserPresence:
    db.session.rollback()
    return db.session.get_one(UserPresence, user_id)


def pass_time(user_id: str, seconds: float = 10) -> None:
    """Let a user be absent for that much longer, and note it, as the watch's timer does."""
    row = told(user_id)
    assert row.absent_since is not None
    row.absent_since -= timedelta(seconds=seconds)
    db.session.commit()
    socketio.sessions.on_change([user_id])


# --- coming and going


def test_the_first_connection_is_heard_with_its_time(
    process: Sessions, member: Person, heard: Callable[[], list[Any]]
) -> None:
    before = now()
    connect(process, member.id)
    (payload,) = heard()
    assert payload == {"userId": member.id, "status": "online", "lastSeenAt": payload["lastSeenAt"]}
    assert iso(before) <= payload["lastSeenAt"] <= iso(now())


def test_a_further_device_is_not_news(process: Sessions, member: Person, statuses: Callable[[], list[str]]) -> None:
    connect(process, member.id, "laptop")
    assert statuses() == ["online"]
    connect(process, member.id, "phone")
    assert statuses() == []


def test_the_loss_of_one_device_of_two_is_not_news(
    process: Sessions, member: Person, statuses: Callable[[], list[str]]
) -> None:
    session = connect(process, member.id, "laptop")
    connect(process, member.id, "phone")
    statuses()
    lose(process, session)
    assert statuses() == []
    assert told(member.id).absent_since is None


@pytest.mark.each_database
def test_a_reload_is_not_news(process: Sessions, member: Person, statuses: Callable[[], list[str]]) -> None:
    session = connect(process, member.id)
    assert statuses() == ["online"]
    lose(process, session)
    assert statuses() == []
    pass_time(member.id, 9)
    connect(process, member.id)
    assert statuses() == []
    assert told(member.id).absent_since is None


@pytest.mark.each_database
def test_offline_is_heard_once_with_the_time_of_the_loss(
    process: Sessions, member: Person, heard: Callable[[], list[Any]]
) -> None:
    session = connect(process, member.id)
    heard()
    lose(process, session)
    assert heard() == []
    pass_time(member.id)
    lost_at = told(member.id).absent_since
    assert lost_at is not None
    last = max(lost_at, told(member.id).last_seen_at)
    assert heard() == [{"userId": member.id, "status": "offline", "lastSeenAt": iso(last)}]
    socketio.sessions.on_change([member.id])
    assert heard() == []


def test_real_sockets_are_noted_as_they_come_and_go(
    watch: Watch, member: Person, statuses: Callable[[], list[str]]
) -> None:
    socket = member.connect()
    assert statuses() == ["online"]
    socket._client.disconnect()
    wait_until(lambda: eventlet.sleep() or member.id in watch._noted)  # storing it is left to a greenlet
    assert statuses() == []
    pass_time(member.id)
    assert statuses() == ["offline"]


def test_the_grace_ends_by_itself(
    app: Flask, watch: Watch, process: Sessions, member: Person, statuses: Callable[[], list[str]]
) -> None:
    short = app.extensions["settings"].model_copy(update={"presence_grace_seconds": 0.1})
    app.extensions["settings"], watch._grace = short, 0.1
    session = connect(process, member.id)
    statuses()
    lose(process, session)
    assert statuses() == []
    wait_until(lambda: eventlet.sleep(0.01) or member.id in watch._noted)
    assert statuses() == ["offline"]


def test_a_deactivated_user_goes_offline(
    watch: Watch, admin: Person, member: Person, statuses: Callable[[], list[str]]
) -> None:
    socket = member.connect()
    statuses()
    admin.patch(f"/api/users/{member.id}", {"active": False})
    statuses()
    assert not socket.connected
    wait_until(lambda: eventlet.sleep() or member.id in watch._noted)
    statuses()
    pass_time(member.id)
    assert statuses() == ["offline"]


# --- away


def test_who_is_away_from_one_device_of_two_is_online(member: Person, statuses: Callable[[], list[str]]) -> None:
    laptop, phone = member.connect(), member.connect()
    assert statuses() == ["online"]
    assert laptop.emit("presence-set", {"status": "away"}) == {"ok": True}
    assert statuses() == []
    phone.emit("presence-set", {"status": "away"})
    assert statuses() == ["away"]
    laptop.emit("presence-set", {"status": "online"})
    assert statuses() == ["online"]


def test_being_away_twice_is_heard_once(member: Person, statuses: Callable[[], list[str]]) -> None:
    socket = member.connect()
    for _ in range(2):
        socket.emit("presence-set", {"status": "away"})
    statuses()
    socket.emit("presence-set", {"status": "away"})
    assert statuses() == []


def test_away_is_said_for_a_connection_with_all_its_namespaces(
    process: Sessions, member: Person, statuses: Callable[[], list[str]]
) -> None:
    connect(process, member.id, connection="one")
    connect(process, member.id, connection="one")
    process.set_away("one", member.id, away=True)
    connect(process, member.id, connection="one")
    assert statuses() == ["away"]
    process.set_away("one", member.id, away=False)
    assert statuses() == ["online"]


@pytest.mark.each_database
def test_who_comes_back_by_recovery_is_still_away(
    process: Sessions, member: Person, statuses: Callable[[], list[str]]
) -> None:
    session = connect(process, member.id)
    process.set_away(session.connection, member.id, away=True)
    assert statuses() == ["away"]
    lose(process, session)
    statuses()
    assert process.claim(session.pid, "/", session.owner, by="another") is not None
    process.on_change([member.id])
    assert statuses() == []


def test_nobody_says_it_for_the_connection_of_another(
    process: Sessions, alice: Person, member: Person, statuses: Callable[[], list[str]]
) -> None:
    connect(process, member.id, connection="theirs")
    process.set_away("theirs", alice.id, away=True)
    assert statuses() == ["online"]


def test_a_bad_argument_is_refused_and_changes_nothing(member: Person, statuses: Callable[[], list[str]]) -> None:
    socket = member.connect()
    statuses()
    bad: list[tuple[Any, ...]] = [
        (),
        (None,),
        ("away",),
        ({},),
        ({"status": None},),
        ({"status": "offline"},),
        ({"status": "AWAY"},),
        ({"status": ["away"]},),
        ({"status": True},),
        ({"status": "away", "userId": "x"},),
        ({"status": "away"}, "more"),
    ]
    for arguments in bad:
        ack = socket.emit("presence-set", *arguments)
        assert (ack["ok"], ack["error"]["code"]) == (False, "validation_failed"), arguments
    assert statuses() == []


# --- a process that crashed


@pytest.mark.each_database
def test_those_of_a_crashed_process_are_offline_since_its_last_sign_of_life(
    watch: Watch, process: Sessions, member: Person, heard: Callable[[], list[Any]]
) -> None:
    connect(process, member.id)
    (online,) = heard()
    assert told(member.id).last_seen_at is not None
    crash(process)
    watch.look()
    (offline,) = heard()
    assert offline["status"] == "offline"
    assert offline["lastSeenAt"] >= online["lastSeenAt"]


@pytest.mark.each_database
def test_who_has_a_device_elsewhere_is_what_that_one_says(
    watch: Watch, process: Sessions, member: Person, statuses: Callable[[], list[str]]
) -> None:
    connect(process, member.id, "laptop")
    alive = new_process()
    alive.set_away(connect(alive, member.id, "phone").connection, member.id, away=True)
    assert statuses() == ["online"]
    crash(process)
    watch.look()
    assert statuses() == ["away"]


@pytest.mark.each_database
def test_those_of_a_process_that_was_only_cut_off_are_online_again(
    watch: Watch, process: Sessions, member: Person, statuses: Callable[[], list[str]]
) -> None:
    connect(process, member.id)
    statuses()
    crash(process)
    watch.look()
    assert statuses() == ["offline"]
    process.tell_alive()
    watch._looked_at = -inf  # it finds that it was held up
    watch.look()
    assert statuses() == ["online"]


@pytest.mark.each_database
def test_what_was_told_and_is_so_is_not_looked_into(watch: Watch, process: Sessions, new_person: NewPerson) -> None:
    online, absent, offline = (new_person().id for _ in range(3))
    connect(process, online)
    watch.settle()
    for user in (absent, offline):
        session = connect(process, user)
        watch.settle()
        lose(process, session)
        watch.settle()
    pass_time(offline)
    watch.settle()
    watch.look()
    assert watch._noted == set()


def test_while_all_processes_live_nobody_is_looked_for(watch: Watch, process: Sessions, member: Person) -> None:
    session = connect(process, member.id)
    watch.settle()
    watch.look()
    process.lose([session])  # and nobody notes it
    watch.look()
    assert watch._noted == set()
    crash(new_process())
    watch.look()
    assert watch._noted == {member.id}


def test_this_process_need_not_tell_itself_that_it_lives(
    watch: Watch, member: Person, statuses: Callable[[], list[str]]
) -> None:
    member.connect()
    assert statuses() == ["online"]
    crash(socketio.sessions)
    watch.look()
    assert statuses() == []


# --- who hears it


def join(person: Person, command: str, id: str) -> Socket:
    socket = person.connect()
    assert socket.emit(command, id)["ok"] is True
    return socket


def test_it_is_heard_by_who_shares_a_team_a_department_or_a_conversation(
    watch: Watch, new_person: NewPerson, admin: Person, team: str, process: Sessions
) -> None:
    someone, colleague, partner = new_person(teams=[team]), new_person(), new_person()
    department = admin.post("/api/departments", {"name": "Sales"}).get_json()["id"]
    for person in (someone, colleague):
        admin.put(f"/api/departments/{department}/members/{person.id}")
    start(someone, partner)
    listeners = [
        join(new_person(teams=[team]), "join-team", team),
        join(colleague, "join-department", department),
        partner.connect("/ws/chat"),
        join(admin, "join-team", team),
    ]
    watch.settle()
    for listener in listeners:
        listener.heard()
    connect(process, someone.id)
    watch.settle()
    for listener in listeners:
        assert [payload["userId"] for _, payload in listener.heard(PRESENCE)] == [someone.id]


def test_a_stranger_does_not_hear_it(
    watch: Watch, new_person: NewPerson, member: Person, process: Sessions, admin: Person
) -> None:
    other_team = admin.post("/api/teams", {"name": "Other"}).get_json()["id"]
    stranger = join(new_person(teams=[other_team]), "join-team", other_team)
    watch.settle()
    stranger.heard()
    connect(process, member.id)
    watch.settle()
    assert stranger.heard() == []


def test_who_shares_no_room_is_not_told_of(app: Flask, watch: Watch, process: Sessions, alice: Person) -> None:
    published = listen(app)
    connect(process, alice.id)
    watch.settle()
    assert published() == []
    assert told(alice.id).status == PresenceStatus.ONLINE


def test_it_is_not_in_the_history(
    process: Sessions, member: Person, statuses: Callable[[], list[str]], team: str
) -> None:
    connect(process, member.id)
    assert statuses() == ["online"]
    assert member.get(f"/api/events?room=team-{team}").get_json()["items"] == []


# --- many, and at once


@pytest.mark.each_database
def test_two_processes_that_notice_the_same_tell_it_once(
    app: Flask, process: Sessions, member: Person, listener: Socket
) -> None:
    connect(process, member.id, "laptop")
    connect(new_process(), member.id, "phone")
    db.session.rollback()
    begin = threading.Barrier(4)

    def settle() -> None:
        with app.app_context():
            begin.wait(5)
            service.settle([member.id])

    threads = [threading.Thread(target=settle) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [payload["status"] for _, payload in listener.heard(PRESENCE)] == ["online"]


@pytest.mark.each_database
def test_two_thousand_that_come_at_once_are_twenty_transactions(watch: Watch, process: Sessions) -> None:
    db.session.rollback()
    users = [User(email=f"{number}@example.com", name="N", password_hash="unusable") for number in range(2000)]
    db.session.add_all(users)
    db.session.commit()
    process.on_change([user.id for user in users])
    db.session.rollback()
    commits = 0

    def count(_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(db.engine, "commit", count)
    watch.settle()
    event.remove(db.engine, "commit", count)
    assert commits == 2000 / BATCH == 20
    assert watch._noted == set()


combinations = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans(), st.integers(0, 2)), max_size=6)


@pytest.mark.each_database
@given(combinations)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_online_on_any_connection_beats_away(process: Sessions, made: list[tuple[bool, bool, bool, int]]) -> None:
    dead, user = new_process(), new_id()
    says: dict[int, bool] = {}
    for crashed, lost, away, number in made:
        store = dead if crashed else process
        name = f"{user}{number}{crashed}"
        session = connect(store, user, connection=name)
        if away:
            store.set_away(name, user, away=True)
        if lost:
            store.lose([session])
        if not crashed and (number in says or not lost):
            says[number] = says.get(number, False) or away
    crash(dead)
    expected = {} if not says else {user: PresenceStatus.AWAY if all(says.values()) else PresenceStatus.ONLINE}
    assert connected([user]) == expected


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite is one process's
def test_a_process_that_stops_in_the_middle_does_not_keep_the_others_from_telling(
    app: Flask, process: Sessions, member: Person, statuses: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_IDLE", 0.2)
    locked, ended = threading.Event(), threading.Event()

    def stop() -> None:
        with app.app_context(), suppress(DBAPIError), transaction():
            service._bound_idleness()
            service._locked([member.id], now())
            locked.set()
            ended.wait(20)

    stopped = threading.Thread(target=stop)
    stopped.start()
    assert locked.wait(5)
    connect(process, member.id)
    assert statuses() == ["online"]
    ended.set()
    stopped.join(5)


# --- the database is away


@pytest.fixture
def running(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The watch works by itself, and is quick."""
    monkeypatch.setattr("app.presence.watch.GATHER", 0.01)
    monkeypatch.setattr("app.presence.watch.LOOK", 0.05)
    monkeypatch.setattr("app.presence.watch.AFTER_AN_OUTAGE", 0.3)
    greenlet = eventlet.spawn(watch.run)
    yield
    greenlet.kill()


def rename(table: str, name: str) -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


@pytest.mark.each_database
@pytest.mark.usefixtures("running")
def test_what_can_not_be_stored_is_logged_and_told_later(
    process: Sessions, member: Person, listener: Socket, caplog: pytest.LogCaptureFixture
) -> None:
    rename("presences", "away")
    connect(process, member.id)
    wait_until(lambda: eventlet.sleep(0.01) or "presence can't be settled of 1 users" in caplog.text)
    assert listener.heard() == []
    rename("away", "presences")
    wait_until(lambda: eventlet.sleep(0.01) or [p["status"] for _, p in listener.heard(PRESENCE)] == ["online"])


@pytest.mark.usefixtures("running")
def test_after_an_outage_nobody_is_told_of_before_all_processes_had_time_to_say_that_they_live(
    process: Sessions, member: Person, listener: Socket
) -> None:
    upkeep, outage = socketio.recovery.upkeep, time.monotonic()
    upkeep._failed_at = outage
    connect(process, member.id)
    wait_until(lambda: eventlet.sleep(0.01) or listener.heard(PRESENCE) != [])
    assert time.monotonic() - outage >= 0.3
