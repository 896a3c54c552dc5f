"""What others hear of a user's comings and goings, and who hears it."""

from collections.abc import Callable
from typing import Any

import eventlet
import pytest
from flask import Flask

from app.core.clock import iso, now
from app.engine import Sessions
from app.events.presence import PresenceStatus
from app.extensions import socketio
from app.presence.watch import Watch
from tests.integration.conftest import NewPerson, Person, Socket
from tests.support.brokers import wait_until
from tests.support.chat import start
from tests.support.outbox import listen
from tests.support.presence import PRESENCE, connect, lose, pass_time, told

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
