"""``GET /api/presence``: whose presence one may see, and what is asked wrongly."""

from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.presence.queries import connected, hearers
from app.presence.watch import Watch
from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.chat import CONVERSATIONS, start
from tests.support.presence import connect, crash, lose, new_process


def asked(viewer: Person, *ids: str) -> list[dict[str, Any]]:
    answer = viewer.get(f"/api/presence?userIds={','.join(ids)}")
    assert answer.status_code == 200, answer.get_json()
    assert list(answer.get_json()) == ["items"]
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return items


def sees(viewer: Person, other: Person) -> bool:
    return [item["userId"] for item in asked(viewer, other.id)] == [other.id]


def department(admin: Person, *members: Person) -> None:
    id = admin.post("/api/departments", {"name": "Sales"}).get_json()["id"]
    for member in members:
        assert admin.put(f"/api/departments/{id}/members/{member.id}").status_code == 204


# --- what it says


def test_who_was_never_connected_is_offline_and_was_never_seen(alice: Person) -> None:
    assert asked(alice, alice.id) == [{"userId": alice.id, "status": "offline", "lastSeenAt": None}]


@pytest.mark.each_database
def test_it_says_what_was_told_last(alice: Person, watch: Watch) -> None:
    alice.connect()
    watch.settle()
    (item,) = asked(alice, alice.id)
    assert item["status"] == "online"
    assert item["lastSeenAt"].endswith("Z")


def test_many_are_asked_about_at_once_and_answered_in_that_order(
    new_person: NewPerson, admin: Person, watch: Watch
) -> None:
    people = [new_person() for _ in range(4)]
    people[2].connect()
    watch.settle()
    ids = [person.id for person in reversed(people)]
    items = asked(admin, *ids)
    assert [item["userId"] for item in items] == ids
    assert [item["status"] for item in items] == ["offline", "online", "offline", "offline"]


def test_who_is_asked_about_twice_is_told_once(alice: Person) -> None:
    assert len(asked(alice, alice.id, alice.id)) == 1


# --- rights


def test_one_sees_oneself(alice: Person) -> None:
    assert sees(alice, alice)


def test_members_of_a_team_see_each_other(manager: Person, member: Person) -> None:
    assert sees(member, manager)
    assert sees(manager, member)


@pytest.mark.each_database
def test_members_of_a_department_see_each_other(admin: Person, alice: Person, bob: Person) -> None:
    department(admin, alice, bob)
    assert sees(alice, bob)


@pytest.mark.each_database
def test_who_talk_to_each_other_see_each_other(alice: Person, bob: Person) -> None:
    start(alice, bob)
    assert sees(alice, bob)
    assert sees(bob, alice)


def test_admins_see_everybody(admin: Person, alice: Person) -> None:
    assert sees(admin, alice)


def test_a_stranger_is_left_out_as_if_there_were_none(alice: Person, bob: Person) -> None:
    assert asked(alice, bob.id, "nobody", alice.id) == asked(alice, alice.id)


def test_even_a_manager_does_not_see_a_stranger(manager: Person, alice: Person) -> None:
    assert not sees(manager, alice)


def test_a_stranger_who_is_an_admin_is_not_seen(admin: Person, alice: Person) -> None:
    assert not sees(alice, admin)


def test_who_left_the_team_is_seen_no_more(admin: Person, manager: Person, member: Person, team: str) -> None:
    assert admin.delete(f"/api/teams/{team}/members/{member.id}").status_code == 204
    assert not sees(manager, member)
    assert not sees(member, manager)


def test_who_left_the_conversation_is_seen_no_more(alice: Person, bob: Person) -> None:
    conversation = start(alice, bob)
    assert bob.delete(f"{CONVERSATIONS}/{conversation}/participants/{bob.id}").status_code in (200, 204)
    assert not sees(alice, bob)


def test_who_is_in_no_department_shares_it_with_nobody(alice: Person, bob: Person) -> None:
    assert not sees(alice, bob)


# --- what is asked wrongly


def test_a_bad_query_is_refused_by_field(alice: Person) -> None:
    bad = {
        "": "userIds",
        "?userIds=": "userIds.0",
        "?userIds=a,,b": "userIds.1",
        "?userIds=a,": "userIds.1",
        f"?userIds={'x' * 65}": "userIds.0",
        f"?userIds={','.join(map(str, range(101)))}": "userIds",
        f"?userIds={','.join(['a'] * 101)}": "userIds",
        "?userIds=a%20b": "userIds.0",
        "?userIds=a&userIds=b": "userIds",
        "?user_ids=a": "userIds",
        "?userIds=a&status=online": "status",
        "?userIds=%00": "query",
    }
    for query, field in bad.items():
        answer = alice.get(f"/api/presence{query}")
        assert error_code(answer) == (400, "validation_failed"), query
        assert field in answer.get_json()["error"]["details"], query


def test_a_hundred_can_be_asked_about(alice: Person) -> None:
    assert asked(alice, *map(str, range(100))) == []


# --- who is there, for what must not disturb them


@pytest.mark.each_database
def test_who_has_a_connection_that_is_not_away_is_online(app: Flask, new_person: NewPerson) -> None:
    online, away, both, lost, crashed, never = (new_person().id for _ in range(6))
    with app.app_context():
        here, dead = new_process(), new_process()
        connect(here, online)
        here.set_away(connect(here, away).connection, away, away=True)
        here.set_away(connect(here, both).connection, both, away=True)
        connect(here, both)
        lose(here, connect(here, lost))
        connect(dead, crashed)
        crash(dead)
        found = connected([online, away, both, lost, crashed, never, "nobody"])
        assert found == {online: "online", away: "away", both: "online"}
        assert connected([]) == {}


@pytest.mark.each_database
def test_a_room_is_heard_by_who_has_a_connection_in_it_and_looks(app: Flask, person: Person) -> None:
    with app.app_context():
        here = new_process()
        connect(here, person.id)
        assert hearers({person.id: "notifications-1"}) == set()
        session = connect(here, person.id)
        session.rooms.enter("notifications-1", 0)
        here.save(session)
        db.session.rollback()  # what was read may be older
        assert hearers({person.id: "notifications-1"}) == {person.id}
        assert hearers({person.id: "notifications-"}) == set()
        here.set_away(session.connection, person.id, away=True)
        db.session.rollback()
        assert hearers({person.id: "notifications-1"}) == set()


@pytest.mark.each_database
def test_of_each_it_is_asked_whether_they_hear_a_room_of_theirs(app: Flask, new_person: NewPerson) -> None:
    one, other, elsewhere = (new_person().id for _ in range(3))
    with app.app_context():
        here = new_process()
        for id, room in ((one, "notifications-1"), (other, "notifications-2"), (elsewhere, "notifications-1")):
            session = connect(here, id)
            session.rooms.enter(room, 0)
            here.save(session)
        asked_of = {one: "notifications-1", other: "notifications-2", elsewhere: "notifications-2"}
        assert hearers(asked_of) == {one, other}
        assert hearers({}) == set()
