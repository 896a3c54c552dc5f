"""What nobody noted is found, many are settled at once, and a database that is away delays it."""

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

from app.core.clock import now
from app.core.ids import new_id
from app.core.transaction import transaction
from app.engine import Sessions
from app.engine.sessions import Session
from app.events.presence import PresenceStatus
from app.extensions import db, socketio
from app.people.models import User
from app.presence import service
from app.presence.queries import connected
from app.presence.watch import BATCH, Watch
from tests.integration.conftest import NewPerson, Person, Socket
from tests.support.brokers import wait_until
from tests.support.presence import PRESENCE, connect, crash, lose, new_process, pass_time, told

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


@pytest.fixture
def elsewhere(process: Sessions, member: Person, statuses: Callable[[], list[str]]) -> tuple[Sessions, Session]:
    """A living process, and the laptop that a member has there, whose phone was at a process that has crashed."""
    alive = new_process()
    laptop = connect(alive, member.id, "laptop")
    connect(process, member.id, "phone")
    assert statuses() == ["online"]
    crash(process)
    return alive, laptop


@pytest.mark.each_database
def test_who_had_a_device_elsewhere_too_is_offline_a_grace_after_that_one_has_gone(
    watch: Watch, elsewhere: tuple[Sessions, Session], member: Person, statuses: Callable[[], list[str]]
) -> None:
    alive, laptop = elsewhere
    watch.look()
    assert statuses() == []
    lose(alive, laptop)
    assert statuses() == []
    connect(alive, member.id, "laptop")
    assert statuses() == []


@pytest.mark.each_database
def test_who_left_a_living_process_after_another_died_has_a_grace_whichever_process_looks_first(
    watch: Watch, elsewhere: tuple[Sessions, Session], member: Person, statuses: Callable[[], list[str]]
) -> None:
    alive, laptop = elsewhere
    alive.lose([laptop])  # which that process has noted, and this one has not
    watch.look()
    assert statuses() == []
    pass_time(member.id)
    assert statuses() == ["offline"]


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
def test_with_a_short_window_a_crashed_process_is_remembered_until_its_users_are_found(
    watch: Watch, process: Sessions, member: Person, statuses: Callable[[], list[str]]
) -> None:
    connect(process, member.id)
    assert statuses() == ["online"]
    watch.look()
    crash(process)
    socketio.sessions.tell_alive()
    assert new_process(timedelta(seconds=0.5)).sweep() == 0
    watch.look()
    assert statuses() == ["offline"]


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
