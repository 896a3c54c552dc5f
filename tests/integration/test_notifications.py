"""``/api/notifications``: listing, reading, deleting."""

from typing import Any

import pytest
from flask import Flask

from tests.integration.conftest import Person, error_code
from tests.support.notifications import PATH, send, unread
from tests.support.outbox import listen

pytestmark = pytest.mark.each_database


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
        ({"ids": None}, "ids"),
        ({"all": None}, "all"),
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
