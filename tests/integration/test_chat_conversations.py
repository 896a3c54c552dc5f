"""``/api/chat/conversations``: starting, listing, who takes part."""

from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.people.models import User
from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.chat import CONVERSATIONS, start, write
from tests.support.outbox import listen


@pytest.fixture
def carol(new_person: NewPerson) -> Person:
    return new_person(name="Carol")


def participants(viewer: Person, id: str) -> set[str]:
    return set(viewer.get(f"{CONVERSATIONS}/{id}").get_json()["participantIds"])


def entering(id: str, *people: Person) -> tuple[str, Any, list[str]]:
    ids = [person.id for person in people]
    payload = {"userIds": ids, "namespace": "/ws/chat", "room": f"chat-{id}"}
    return "@enter-room", payload, [f"@user:{id}" for id in ids]


# --- who is calling


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "conversations"),
        ("POST", "conversations"),
        ("GET", "conversations/some"),
        ("PUT", "conversations/some/participants/one"),
        ("DELETE", "conversations/some/participants/one"),
        ("GET", "conversations/some/messages"),
        ("POST", "conversations/some/messages"),
        ("POST", "conversations/some/read"),
        ("PATCH", "messages/some"),
        ("DELETE", "messages/some"),
        ("PUT", "messages/some/reactions/x"),
        ("DELETE", "messages/some/reactions/x"),
    ],
)
def test_every_route_takes_a_token(app: Flask, method: str, path: str) -> None:
    answer = app.test_client().open(f"/api/chat/{path}", method=method)
    assert error_code(answer) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("GET", "", None),
        ("PUT", "/participants/{bob}", None),
        ("DELETE", "/participants/{bob}", None),
        ("DELETE", "/participants/{stranger}", None),
        ("GET", "/messages", None),
        ("POST", "/messages", {"content": "Hello"}),
        ("POST", "/read", {"messageId": "{message}"}),
    ],
)
@pytest.mark.parametrize("role", ["member", "manager", "admin"])
def test_a_conversation_of_others_reads_like_one_that_does_not_exist(
    new_person: NewPerson, role: str, method: str, path: str, form: dict[str, str] | None
) -> None:
    alice, bob, stranger = new_person(), new_person(), new_person(role)
    id = start(alice, bob)
    names = {"bob": bob.id, "stranger": stranger.id, "message": write(alice, id)["id"]}
    body = form and {field: value.format(**names) for field, value in form.items()}
    published = listen(alice.app)
    headers = {"Authorization": f"Bearer {stranger.token}"}
    invisible, unknown = (
        stranger.http.open(f"{CONVERSATIONS}/{one}{path.format(**names)}", method=method, json=body, headers=headers)
        for one in (id, "unknown")
    )
    assert error_code(invisible) == (404, "not_found")
    assert invisible.get_json() == unknown.get_json()
    assert published() == []
    assert participants(alice, id) == {alice.id, bob.id}


# --- starting


def test_who_starts_a_conversation_takes_part_in_it(alice: Person, bob: Person) -> None:
    answer = alice.post(CONVERSATIONS, {"title": " Lunch ", "participantIds": [bob.id]})
    body = answer.get_json()
    id, created_at, people = body.pop("id"), body.pop("createdAt"), body.pop("participantIds")
    assert id
    assert created_at.endswith("Z")
    assert sorted(people) == sorted([alice.id, bob.id])
    assert (answer.status_code, body) == (
        201,
        {"title": "Lunch", "direct": False, "creatorId": alice.id, "unreadCount": 0, "reads": []},
    )


def test_a_title_is_not_needed(alice: Person, bob: Person) -> None:
    assert alice.post(CONVERSATIONS, {"participantIds": [bob.id]}).get_json()["title"] is None


def test_every_participant_sees_a_conversation(alice: Person, bob: Person) -> None:
    id = start(alice, bob)
    one, other = alice.get(f"{CONVERSATIONS}/{id}"), bob.get(f"{CONVERSATIONS}/{id}")
    assert (one.status_code, other.get_json()) == (200, one.get_json())


def test_somebody_named_twice_takes_part_once(alice: Person, bob: Person) -> None:
    form = {"participantIds": [bob.id, alice.id, bob.id]}
    ids = alice.post(CONVERSATIONS, form).get_json()["participantIds"]
    assert sorted(ids) == sorted([alice.id, bob.id])


def test_starting_lets_the_sockets_of_all_participants_in(alice: Person, bob: Person) -> None:
    published = listen(alice.app)
    id = start(alice, bob)
    assert published() == [entering(id, alice, bob)]


def test_a_socket_connected_before_hears_what_is_written_in_a_conversation_begun_later(
    alice: Person, bob: Person, carol: Person
) -> None:
    theirs, others = bob.connect("/ws/chat"), carol.connect("/ws/chat")
    message = write(alice, start(alice, bob))
    assert [payload["id"] for _, payload in theirs.heard("new-message")] == [message["id"]]
    assert others.heard() == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 101}, "title"),
        ({"title": 1}, "title"),
        ({"participantIds": []}, "participantIds"),
        ({"participantIds": None}, "participantIds"),
        ({"participantIds": "bob"}, "participantIds"),
        ({"participantIds": ["x"] * 101}, "participantIds"),
        ({"participantIds": [""]}, "participantIds.0"),
        ({"participantIds": [7]}, "participantIds.0"),
        ({"participantIds": ["nobody"]}, "participantIds"),
        ({"creatorId": "bob"}, "creatorId"),
    ],
)
def test_a_bad_field_is_refused(alice: Person, bob: Person, changes: dict[str, Any], named: str) -> None:
    published = listen(alice.app)
    answer = alice.post(CONVERSATIONS, {"participantIds": [bob.id]} | changes)
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == [named]
    assert published() == []
    assert alice.get(CONVERSATIONS).get_json()["items"] == []


def test_one_unknown_participant_starts_nothing(alice: Person, bob: Person) -> None:
    published = listen(alice.app)
    answer = alice.post(CONVERSATIONS, {"participantIds": [bob.id, "nobody"]})
    assert error_code(answer) == (400, "validation_failed")
    assert published() == []
    assert bob.get(CONVERSATIONS).get_json()["items"] == []


def test_a_deactivated_participant_reads_like_an_unknown_one(admin: Person, alice: Person, bob: Person) -> None:
    admin.patch(f"/api/users/{bob.id}", {"active": False})
    deactivated = alice.post(CONVERSATIONS, {"participantIds": [bob.id]})
    unknown = alice.post(CONVERSATIONS, {"participantIds": ["nobody"]})
    assert (deactivated.status_code, deactivated.get_json()) == (400, unknown.get_json())


def test_a_repeat_with_the_same_key_starts_one_conversation(alice: Person, bob: Person) -> None:
    form, headers = {"participantIds": [bob.id]}, {"Idempotency-Key": "k"}
    published = listen(alice.app)
    first, again = alice.post(CONVERSATIONS, form, headers), alice.post(CONVERSATIONS, form, headers)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert len(published()) == 1
    assert len(alice.get(CONVERSATIONS).get_json()["items"]) == 1


def test_a_repeat_with_another_body_is_a_conflict(alice: Person, bob: Person) -> None:
    headers = {"Idempotency-Key": "k"}
    alice.post(CONVERSATIONS, {"participantIds": [bob.id]}, headers)
    answer = alice.post(CONVERSATIONS, {"participantIds": [bob.id], "title": "Other"}, headers)
    assert error_code(answer) == (409, "conflict")


# --- listing


def test_conversations_are_listed_newest_first(alice: Person, bob: Person, carol: Person) -> None:
    first, _, third = start(alice, bob), start(bob, carol), start(carol, alice)
    page = alice.get(CONVERSATIONS).get_json()
    assert [item["id"] for item in page["items"]] == [third, first]
    assert page["items"][1] == alice.get(f"{CONVERSATIONS}/{first}").get_json()


def test_pages_hold_every_conversation_once(alice: Person, bob: Person) -> None:
    started = [start(alice, bob, title="Lunch") for _ in range(5)]
    found, cursor = [], ""
    while cursor is not None:
        page = alice.get(f"{CONVERSATIONS}?limit=2{cursor and f'&cursor={cursor}'}").get_json()
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert found == started[::-1]


@pytest.mark.parametrize("parameters", ["limit=0", "limit=101", "limit=x", "cursor=!", "title=x"])
def test_a_bad_parameter_is_refused(alice: Person, parameters: str) -> None:
    assert error_code(alice.get(f"{CONVERSATIONS}?{parameters}")) == (400, "validation_failed")


# --- letting in


def test_any_participant_may_let_somebody_in(alice: Person, bob: Person, carol: Person) -> None:
    id = start(alice, bob)
    answer = bob.put(f"{CONVERSATIONS}/{id}/participants/{carol.id}")
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert participants(carol, id) == {alice.id, bob.id, carol.id}


def test_letting_in_lets_the_sockets_of_the_new_participant_in(alice: Person, bob: Person, carol: Person) -> None:
    id = start(alice, bob)
    published = listen(alice.app)
    alice.put(f"{CONVERSATIONS}/{id}/participants/{carol.id}")
    assert published() == [entering(id, carol)]


def test_letting_in_who_takes_part_changes_nothing(alice: Person, bob: Person) -> None:
    id = start(alice, bob)
    published = listen(alice.app)
    assert alice.put(f"{CONVERSATIONS}/{id}/participants/{bob.id}").status_code == 204
    assert published() == []
    assert participants(alice, id) == {alice.id, bob.id}


def test_only_an_active_user_is_let_in(admin: Person, alice: Person, bob: Person, carol: Person) -> None:
    id = start(alice, bob)
    admin.patch(f"/api/users/{carol.id}", {"active": False})
    published = listen(alice.app)
    deactivated = alice.put(f"{CONVERSATIONS}/{id}/participants/{carol.id}")
    unknown = alice.put(f"{CONVERSATIONS}/{id}/participants/nobody")
    assert error_code(unknown) == (404, "not_found")
    assert deactivated.get_json() == unknown.get_json()
    assert published() == []
    assert participants(alice, id) == {alice.id, bob.id}


def test_nobody_is_let_into_a_full_conversation(app: Flask, alice: Person, bob: Person) -> None:
    with app.app_context():
        crowd = [User(email=f"{i}@example.com", name="Somebody", password_hash="unusable") for i in range(100)]
        db.session.add_all(crowd)
        db.session.commit()
        ids = [user.id for user in crowd]
    id = alice.post(CONVERSATIONS, {"participantIds": ids}).get_json()["id"]
    published = listen(app)
    assert error_code(alice.put(f"{CONVERSATIONS}/{id}/participants/{bob.id}")) == (409, "conflict")
    assert published() == []
    assert len(participants(alice, id)) == 101


# --- leaving and removing


def test_a_participant_may_leave(alice: Person, bob: Person) -> None:
    id = start(alice, bob)
    answer = bob.delete(f"{CONVERSATIONS}/{id}/participants/{bob.id}")
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert error_code(bob.get(f"{CONVERSATIONS}/{id}")) == (404, "not_found")
    assert participants(alice, id) == {alice.id}


def test_the_creator_may_remove_somebody(alice: Person, bob: Person) -> None:
    id = start(alice, bob)
    assert alice.delete(f"{CONVERSATIONS}/{id}/participants/{bob.id}").status_code == 204
    assert bob.get(CONVERSATIONS).get_json()["items"] == []


def test_an_admin_who_takes_part_may_remove_somebody(admin: Person, alice: Person, bob: Person) -> None:
    id = start(alice, bob, admin)
    assert admin.delete(f"{CONVERSATIONS}/{id}/participants/{alice.id}").status_code == 204
    assert participants(bob, id) == {bob.id, admin.id}


def test_another_participant_may_not_remove_anybody(alice: Person, bob: Person, carol: Person) -> None:
    id = start(alice, bob, carol)
    published = listen(alice.app)
    assert error_code(bob.delete(f"{CONVERSATIONS}/{id}/participants/{carol.id}")) == (403, "forbidden")
    assert published() == []
    assert participants(alice, id) == {alice.id, bob.id, carol.id}


def test_a_creator_who_left_may_remove_nobody(alice: Person, bob: Person) -> None:
    id = start(alice, bob)
    alice.delete(f"{CONVERSATIONS}/{id}/participants/{alice.id}")
    assert error_code(alice.delete(f"{CONVERSATIONS}/{id}/participants/{bob.id}")) == (404, "not_found")
    assert participants(bob, id) == {bob.id}


def test_who_does_not_take_part_cannot_be_removed(alice: Person, bob: Person, carol: Person) -> None:
    id = start(alice, bob)
    published = listen(alice.app)
    stranger = alice.delete(f"{CONVERSATIONS}/{id}/participants/{carol.id}")
    unknown = alice.delete(f"{CONVERSATIONS}/{id}/participants/nobody")
    assert error_code(stranger) == (404, "not_found")
    assert stranger.get_json() == unknown.get_json()
    assert published() == []


def test_removing_has_the_rights_of_the_removed_checked(alice: Person, bob: Person) -> None:
    id = start(alice, bob)
    published = listen(alice.app)
    alice.delete(f"{CONVERSATIONS}/{id}/participants/{bob.id}")
    payload = {"userIds": [bob.id], "reason": "removed"}
    assert published() == [("@check-rights", payload, [f"@user:{bob.id}"])]


def test_the_sockets_of_the_removed_hear_that_and_nothing_after(alice: Person, bob: Person) -> None:
    id = start(alice, bob)
    in_namespace, joined = bob.connect("/ws/chat"), bob.connect()
    assert joined.emit("join-chat", id)["ok"] is True
    alice.delete(f"{CONVERSATIONS}/{id}/participants/{bob.id}")
    write(alice, id)
    left = [("room-left", {"room": f"chat-{id}", "reason": "removed"})]
    assert (in_namespace.heard(), joined.heard()) == (left, left)


def test_who_comes_back_hears_again(alice: Person, bob: Person) -> None:
    id = start(alice, bob)
    alice.delete(f"{CONVERSATIONS}/{id}/participants/{bob.id}")
    socket = bob.connect("/ws/chat")
    alice.put(f"{CONVERSATIONS}/{id}/participants/{bob.id}")
    message = write(alice, id)
    assert [payload["id"] for _, payload in socket.heard("new-message")] == [message["id"]]
