"""``/api/tasks``: what is not a valid request is refused, and changes and tells nothing."""

from typing import Any

import pytest
from flask import Flask

from tests.integration.conftest import Person, error_code
from tests.support.outbox import listen
from tests.support.tasks import PATH, new_task

TASK = {"title": "T"}
ROUTES = [
    ("GET", ""),
    ("POST", ""),
    ("GET", "/{id}"),
    ("PATCH", "/{id}"),
    ("DELETE", "/{id}"),
    ("PUT", "/{id}/assignee"),
    ("PATCH", "/{id}/status"),
    ("PATCH", "/{id}/progress"),
    ("POST", "/{id}/complete"),
    ("PUT", "/{id}/rating"),
    ("PUT", "/{id}/watchers/somebody"),
    ("DELETE", "/{id}/watchers/somebody"),
    ("GET", "/{id}/notes"),
    ("POST", "/{id}/notes"),
]
BAD: dict[tuple[str, str], list[tuple[Any, str]]] = {
    ("POST", ""): [
        ({}, "title"),
        ({"title": None}, "title"),
        ({"title": 1}, "title"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "nul \0"}, "body"),
        (TASK | {"description": 1}, "description"),
        (TASK | {"description": "x" * 5001}, "description"),
        (TASK | {"assigneeId": 1}, "assigneeId"),
        (TASK | {"assigneeId": ""}, "assigneeId"),
        (TASK | {"assigneeId": "x" * 65}, "assigneeId"),
        (TASK | {"teamId": ["a"]}, "teamId"),
        (TASK | {"priority": "huge"}, "priority"),
        (TASK | {"priority": None}, "priority"),
        (TASK | {"dueAt": "tomorrow"}, "dueAt"),
        (TASK | {"dueAt": "2026-05-01"}, "dueAt"),
        (TASK | {"dueAt": "2026-05-01T10:00:00"}, "dueAt"),
        (TASK | {"dueAt": 1777629600}, "dueAt"),
        (TASK | {"dueAt": "1777629600"}, "dueAt"),
        (TASK | {"dueAt": "9999-12-31T23:59:59-01:00"}, "dueAt"),
        (TASK | {"estimateHours": 0}, "estimateHours"),
        (TASK | {"estimateHours": -1}, "estimateHours"),
        (TASK | {"estimateHours": True}, "estimateHours"),
        (TASK | {"estimateHours": "2"}, "estimateHours"),
        (TASK | {"estimateHours": 1e300}, "estimateHours"),
        (TASK | {"status": "done"}, "status"),
        (TASK | {"creatorId": "me"}, "creatorId"),
        (TASK | {"assignee_id": "me"}, "assignee_id"),
        ([], "body"),
        ("T", "body"),
    ],
    ("PATCH", "/{id}"): [
        ({}, "body"),
        ({"title": None}, "title"),
        ({"title": ""}, "title"),
        ({"priority": None}, "priority"),
        ({"dueAt": "soon"}, "dueAt"),
        ({"estimateHours": 0}, "estimateHours"),
        ({"status": "done"}, "status"),
        ({"assigneeId": "me"}, "assigneeId"),
        ({"rating": 5}, "rating"),
    ],
    ("PUT", "/{id}/assignee"): [
        ({}, "userId"),
        ({"userId": 1}, "userId"),
        ({"userId": ""}, "userId"),
        ({"userId": None, "also": 1}, "also"),
    ],
    ("PATCH", "/{id}/status"): [({}, "status"), ({"status": "finished"}, "status"), ({"status": 1}, "status")],
    ("PATCH", "/{id}/progress"): [({"progress": bad}, "progress") for bad in (-1, 101, 1.5, "10", True, None)],
    ("POST", "/{id}/complete"): [
        ({"hours": 1}, "hours"),
        *(({"actualHours": bad}, "actualHours") for bad in (-1, True, "2", 1e300)),
    ],
    ("PUT", "/{id}/rating"): [({"rating": bad}, "rating") for bad in (0, 6, 4.5, "4", True, None)],
    ("POST", "/{id}/notes"): [
        ({"content": "Soon", "authorId": "me"}, "authorId"),
        *(({"content": bad}, "content") for bad in ("", " \n ", "x" * 5001, 1, None)),
    ],
}


def test_every_route_takes_a_token(app: Flask) -> None:
    http = app.test_client()
    for method, path in ROUTES:
        answer = http.open(PATH + path.format(id="some"), method=method)
        assert error_code(answer) == (401, "unauthenticated"), (method, path)


@pytest.mark.parametrize(("method", "path"), BAD)
def test_a_bad_body_is_refused(person: Person, method: str, path: str) -> None:
    target = PATH + path.format(id=new_task(person)["id"])
    for body, field in BAD[method, path]:
        answer = getattr(person, method.lower())(target, body)
        assert error_code(answer) == (400, "validation_failed"), body
        assert list(answer.get_json()["error"]["details"]) == [field], body


@pytest.mark.parametrize(("method", "path"), BAD)
def test_what_is_refused_changes_and_tells_nothing(app: Flask, person: Person, method: str, path: str) -> None:
    target = PATH + path.format(id=new_task(person)["id"])
    before, news = person.get(PATH).get_json(), listen(app)
    for body, _ in BAD[method, path]:
        getattr(person, method.lower())(target, body)
    assert (person.get(PATH).get_json(), news()) == (before, [])


def test_each_bad_field_has_an_entry(person: Person) -> None:
    details = person.post(PATH, {"title": "", "priority": 1}).get_json()["error"]["details"]
    assert details.keys() == {"title", "priority"}


def test_what_is_no_json_is_refused(person: Person) -> None:
    answer = person.http.post(
        PATH, data="{", headers={"Authorization": f"Bearer {person.token}", "Content-Type": "application/json"}
    )
    assert error_code(answer) == (400, "validation_failed")


def test_another_media_type_is_refused(person: Person) -> None:
    answer = person.http.post(PATH, data="title=T", headers={"Authorization": f"Bearer {person.token}"})
    assert error_code(answer) == (415, "unsupported_media_type")
