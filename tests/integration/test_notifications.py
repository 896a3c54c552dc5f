"""``/api/notifications``: listing, sending, reading, deleting."""

from typing import Any

import pytest
from flask import Flask

from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.outbox import listen

pytestmark = pytest.mark.each_database

PATH = "/api/notifications"


def content(**changes: Any) -> dict[str, Any]:
    return {"type": "greeting", "title": "Hello", "message": "How are you?"} | changes


def send(sender: Person, to: Person | None = None, **changes: Any) -> dict[str, Any]:
    answer = sender.post(PATH, content(userId=(to or sender).id, **changes))
    assert answer.status_code == 201, answer.get_json()
    sent: dict[str, Any] = answer.get_json()
    return sent


def unread(person: Person) -> int:
    count: int = person.get(PATH).get_json()["unreadCount"]
    return count


# --- who is calling


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", PATH),
        ("POST", PATH),
        ("PATCH", f"{PATH}/some/read"),
        ("PATCH", f"{PATH}/read"),
        ("DELETE", f"{PATH}/some"),
    ],
)
def test_every_route_takes_a_token(app: Flask, method: str, path: str) -> None:
    assert error_code(app.test_client().open(path, method=method)) == (401, "unauthenticated")


# --- listing


def test_a_new_user_has_no_notifications(person: Person) -> None:
    assert person.get(PATH).get_json() == {"items": [], "nextCursor": None, "unreadCount": 0}


def test_notifications_are_listed_newest_first(person: Person) -> None:
    sent = [send(person, title=title) for title in "abc"]
    assert person.get(PATH).get_json()["items"] == sent[::-1]


def test_nobody_sees_the_notifications_of_another(person: Person, admin: Person) -> None:
    send(person)
    assert admin.get(PATH).get_json() == {"items": [], "nextCursor": None, "unreadCount": 0}


def test_pages_hold_every_notification_once(person: Person) -> None:
    sent = [send(person)["id"] for _ in range(5)]
    found, cursor = [], ""
    while cursor is not None:
        page = person.get(f"{PATH}?limit=2{cursor and f'&cursor={cursor}'}").get_json()
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert found == sent[::-1]


def test_unread_lists_only_what_was_not_read(person: Person) -> None:
    read, fresh = send(person), send(person)
    person.patch(f"{PATH}/{read['id']}/read")
    page = person.get(f"{PATH}?unread=true").get_json()
    assert (page["items"], page["unreadCount"]) == ([fresh], 1)


def test_the_unread_count_is_not_that_of_the_page(person: Person) -> None:
    for _ in range(3):
        send(person)
    page = person.get(f"{PATH}?limit=1").get_json()
    assert (len(page["items"]), page["unreadCount"]) == (1, 3)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("unread=perhaps", "unread"),
        ("unread=1", "unread"),
        ("unread=yes", "unread"),
        ("unread=True", "unread"),
        ("limit=1.0", "limit"),
        ("limit=%201", "limit"),
        ("limit=1_0", "limit"),
        ("limit=", "limit"),
        ("cursor=", "cursor"),
        ("cursor=YWJj", "cursor"),
        ("cursor=!", "cursor"),
        ("cursor=AA", "cursor"),
        ("limit=1&limit=2", "limit"),
        ("page=1", "page"),
    ],
)
def test_a_bad_parameter_is_refused(person: Person, parameters: str, named: str) -> None:
    answer = person.get(f"{PATH}?{parameters}")
    assert error_code(answer) == (400, "validation_failed")
    assert named in answer.get_json()["error"]["details"]


# --- sending


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


# --- reading one


def test_reading_marks_as_read(person: Person) -> None:
    sent = send(person)
    answer = person.patch(f"{PATH}/{sent['id']}/read")
    read_at = answer.get_json()["readAt"]
    assert read_at.endswith("Z")
    assert (answer.status_code, answer.get_json()) == (200, sent | {"read": True, "readAt": read_at})
    assert unread(person) == 0


def test_reading_is_published_with_the_unread_count(person: Person) -> None:
    send(person)
    sent = send(person)
    published = listen(person.app)
    read = person.patch(f"{PATH}/{sent['id']}/read").get_json()
    payload = {"id": sent["id"], "readAt": read["readAt"], "unreadCount": 1}
    assert published() == [("notification-read", payload, [f"notifications-{person.id}"])]


def test_reading_what_is_read_changes_and_publishes_nothing(person: Person) -> None:
    path = f"{PATH}/{send(person)['id']}/read"
    first = person.patch(path)
    published = listen(person.app)
    again = person.patch(path)
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert published() == []


@pytest.mark.parametrize("suffix", ["/read", ""])
def test_a_notification_of_another_reads_like_one_that_does_not_exist(
    person: Person, admin: Person, suffix: str
) -> None:
    theirs = send(person)
    published = listen(person.app)
    method = admin.patch if suffix else admin.delete
    invisible, unknown = method(f"{PATH}/{theirs['id']}{suffix}"), method(f"{PATH}/unknown{suffix}")
    assert error_code(invisible) == (404, "not_found")
    assert invisible.get_json() == unknown.get_json()
    assert published() == []
    assert person.get(PATH).get_json()["items"] == [theirs]


def test_an_id_that_no_database_stores_is_not_found(person: Person) -> None:
    assert error_code(person.delete(f"{PATH}/%00")) == (404, "not_found")


# --- reading many


def test_several_are_read_at_once(person: Person) -> None:
    one, other, left = (send(person)["id"] for _ in range(3))
    answer = person.patch(f"{PATH}/read", {"ids": [other, one, one]})
    read_at = answer.get_json()["readAt"]
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"ids": [one, other], "readAt": read_at, "unreadCount": 1},
    )
    found = {item["id"]: item["readAt"] for item in person.get(PATH).get_json()["items"]}
    assert found == {one: read_at, other: read_at, left: None}


def test_all_are_read_at_once(person: Person, admin: Person) -> None:
    theirs, ids = send(admin), [send(person)["id"] for _ in range(2)]
    answer = person.patch(f"{PATH}/read", {"all": True}).get_json()
    assert (answer["ids"], answer["unreadCount"]) == (ids, 0)
    assert admin.get(PATH).get_json()["items"] == [theirs]


@pytest.mark.parametrize("all", [True, False])
def test_reading_many_is_published_once_with_those_that_were_unread(person: Person, all: bool) -> None:
    ids = [send(person)["id"] for _ in range(3)]
    person.patch(f"{PATH}/{ids[0]}/read")
    published = listen(person.app)
    answer = person.patch(f"{PATH}/read", {"all": True} if all else {"ids": ids}).get_json()
    assert answer["ids"] == ids[1:]
    assert published() == [("notifications-bulk-read", answer, [f"notifications-{person.id}"])]


@pytest.mark.parametrize("all", [True, False])
def test_reading_many_of_which_none_is_unread_publishes_nothing(person: Person, all: bool) -> None:
    id = send(person)["id"]
    before = person.patch(f"{PATH}/{id}/read").get_json()
    published = listen(person.app)
    answer = person.patch(f"{PATH}/read", {"all": True} if all else {"ids": [id]})
    assert (answer.status_code, answer.get_json()["ids"]) == (200, [])
    assert published() == []
    assert person.get(PATH).get_json()["items"] == [before]


def test_one_id_that_is_not_ones_own_leaves_all_unread(person: Person, admin: Person) -> None:
    mine, theirs = send(person)["id"], send(admin)["id"]
    published = listen(person.app)
    invisible = person.patch(f"{PATH}/read", {"ids": [mine, theirs]})
    unknown = person.patch(f"{PATH}/read", {"ids": [mine, "unknown"]})
    assert error_code(invisible) == (404, "not_found")
    assert invisible.get_json() == unknown.get_json()
    assert published() == []
    assert (unread(person), unread(admin)) == (1, 1)


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({}, "body"),
        ({"ids": ["a"], "all": True}, "body"),
        ({"ids": None, "all": None}, "body"),
        ({"all": False}, "body"),
        ({"all": "true"}, "all"),
        ({"all": 1}, "all"),
        ({"ids": []}, "ids"),
        ({"ids": "a"}, "ids"),
        ({"ids": [1]}, "ids.0"),
        ({"ids": ["a", ""]}, "ids.1"),
        ({"ids": ["a"] * 1001}, "ids"),
        ({"ids": ["a"], "read": False}, "read"),
    ],
)
def test_a_bad_choice_of_what_to_read_is_refused(person: Person, form: dict[str, Any], named: str) -> None:
    send(person)
    published = listen(person.app)
    answer = person.patch(f"{PATH}/read", form)
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == [named]
    assert published() == []
    assert unread(person) == 1


# --- deleting


def test_a_deleted_notification_is_gone(person: Person) -> None:
    path = f"{PATH}/{send(person)['id']}"
    answer = person.delete(path)
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert person.get(PATH).get_json()["items"] == []
    assert error_code(person.delete(path)) == (404, "not_found")


def test_deleting_is_published_with_the_unread_count(person: Person) -> None:
    send(person)
    id = send(person)["id"]
    published = listen(person.app)
    person.delete(f"{PATH}/{id}")
    assert published() == [("notification-deleted", {"id": id, "unreadCount": 1}, [f"notifications-{person.id}"])]
