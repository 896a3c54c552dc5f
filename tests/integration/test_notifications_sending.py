"""``POST /api/notifications``: who may notify whom, and of what."""

from typing import Any

import pytest

from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.notifications import PATH, content, send, unread
from tests.support.outbox import listen

pytestmark = pytest.mark.each_database


def test_one_may_notify_oneself(person: Person) -> None:
    sent = send(person, data={"link": "/tasks/1"})
    id, created_at = sent.pop("id"), sent.pop("createdAt")
    assert id
    assert created_at.endswith("Z")
    assert sent == content(userId=person.id, data={"link": "/tasks/1"}, read=False, readAt=None)


def test_a_manager_may_notify_a_member_of_a_team_they_share(new_person: NewPerson, team: str) -> None:
    manager, member = new_person("manager", [team]), new_person(teams=[team])
    assert send(manager, member)["userId"] == member.id
    assert unread(member) == 1


def test_an_admin_may_notify_anyone(admin: Person, person: Person) -> None:
    assert send(admin, person)["userId"] == person.id


def test_what_is_sent_is_published_to_its_user(person: Person, admin: Person) -> None:
    published = listen(person.app)
    sent = send(admin, person, data={"deep": [{"er": 1.5}]})
    del sent["readAt"]
    assert published() == [("new-notification", sent, [f"notifications-{person.id}"])]


def test_a_socket_of_its_user_hears_it(person: Person, admin: Person) -> None:
    theirs, others = person.connect("/ws/notifications"), admin.connect("/ws/notifications")
    sent = send(admin, person)
    assert [payload["id"] for _, payload in theirs.heard("new-notification")] == [sent["id"]]
    assert others.heard() == []


def test_a_member_may_not_notify_a_teammate(new_person: NewPerson, team: str) -> None:
    one, other = new_person(teams=[team]), new_person(teams=[team])
    published = listen(one.app)
    assert error_code(one.post(PATH, content(userId=other.id))) == (403, "forbidden")
    assert published() == []
    assert unread(other) == 0


def test_a_manager_may_not_notify_who_shares_no_team(new_person: NewPerson, team: str) -> None:
    manager, stranger = new_person("manager", [team]), new_person()
    published = listen(manager.app)
    assert error_code(manager.post(PATH, content(userId=stranger.id))) == (403, "forbidden")
    assert published() == []


@pytest.mark.parametrize("role", ["member", "manager", "admin"])
def test_a_user_who_does_not_exist_is_not_found(new_person: NewPerson, role: str) -> None:
    sender = new_person(role)
    published = listen(sender.app)
    assert error_code(sender.post(PATH, content(userId="nobody"))) == (404, "not_found")
    assert published() == []


def test_a_deactivated_user_reads_like_one_who_does_not_exist(admin: Person, person: Person) -> None:
    admin.patch(f"/api/users/{person.id}", {"active": False})
    published = listen(admin.app)
    deactivated = admin.post(PATH, content(userId=person.id))
    unknown = admin.post(PATH, content(userId="nobody"))
    assert deactivated.status_code == 404
    assert deactivated.get_json() == unknown.get_json()
    assert published() == []


def test_whether_a_user_was_deactivated_shows_to_nobody_who_may_not_notify_them(
    admin: Person, person: Person, new_person: NewPerson
) -> None:
    stranger = new_person()
    active = stranger.post(PATH, content(userId=person.id))
    admin.patch(f"/api/users/{person.id}", {"active": False})
    deactivated = stranger.post(PATH, content(userId=person.id))
    assert (active.status_code, active.get_json()) == (403, deactivated.get_json())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"type": ""}, "type"),
        ({"type": "x" * 65}, "type"),
        ({"type": 1}, "type"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": None}, "title"),
        ({"message": "\n"}, "message"),
        ({"message": "x" * 2001}, "message"),
        ({"message": ["x"]}, "message"),
        ({"data": "text"}, "data"),
        ({"data": []}, "data"),
        ({"userId": ""}, "userId"),
        ({"userId": {}}, "userId"),
        ({"userId": "x" * 65}, "userId"),
        ({"read": True}, "read"),
        ({"id": "mine"}, "id"),
    ],
)
def test_a_bad_field_is_refused(person: Person, changes: dict[str, Any], named: str) -> None:
    published = listen(person.app)
    answer = person.post(PATH, content(userId=person.id) | changes)
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == [named]
    assert published() == []
    assert unread(person) == 0


@pytest.mark.parametrize("field", ["userId", "type", "title", "message"])
def test_a_missing_field_is_named(person: Person, field: str) -> None:
    form = content(userId=person.id)
    del form[field]
    answer = person.post(PATH, form)
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == [field]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "[" * 1000 + "]" * 1000, '"\\u0000"', '"\\ud800"'])
def test_data_that_no_client_could_read_is_refused(person: Person, value: str) -> None:
    published = listen(person.app)
    text = f'{{"userId":"{person.id}","type":"t","title":"t","message":"m","data":{{"value":{value}}}}}'
    headers = {"Authorization": f"Bearer {person.token}"}
    answer = person.http.post(PATH, data=text, content_type="application/json", headers=headers)
    assert error_code(answer) == (400, "validation_failed")
    assert published() == []


def test_data_above_the_limit_of_a_body_is_refused(person: Person) -> None:
    published = listen(person.app)
    answer = person.post(PATH, content(userId=person.id, data={"text": "x" * 70_000}))
    assert error_code(answer) == (413, "payload_too_large")
    assert published() == []


def test_white_space_around_a_text_is_dropped(person: Person) -> None:
    assert send(person, title="  Hello \n")["title"] == "Hello"


def test_markup_is_kept_as_it_is(person: Person) -> None:
    assert send(person, title="<img onerror=alert(1)>")["title"] == "<img onerror=alert(1)>"


def test_a_repeat_with_the_same_key_sends_once(person: Person) -> None:
    form, headers = content(userId=person.id), {"Idempotency-Key": "k"}
    published = listen(person.app)
    first, again = person.post(PATH, form, headers), person.post(PATH, form, headers)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert len(published()) == 1
    assert unread(person) == 1


def test_a_repeat_with_another_body_is_a_conflict(person: Person) -> None:
    headers = {"Idempotency-Key": "k"}
    person.post(PATH, content(userId=person.id), headers)
    published = listen(person.app)
    answer = person.post(PATH, content(userId=person.id, title="Other"), headers)
    assert error_code(answer) == (409, "conflict")
    assert published() == []
