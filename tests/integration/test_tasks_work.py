"""``/api/tasks``: work on a task, what is said of it, and who hears."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.integration.conftest import Person, error_code
from tests.support.outbox import Published
from tests.support.tasks import listen_to_tasks, new_task, ok, path_of

NOTHING: Published = []


def tasks_room(person: Person) -> str:
    return f"tasks-{person.id}"


# --- status, progress, completion


@pytest.mark.parametrize("status", ["in_progress", "in_review", "blocked"])
def test_a_status_is_told(person: Person, app: Flask, status: str) -> None:
    task = new_task(person)
    told = listen_to_tasks(app)
    changed = ok(person.patch(path_of(task, "status"), {"status": status}))
    assert changed == task | {"status": status, "updatedAt": changed["updatedAt"]}
    payload = {"id": task["id"], "status": status, "previousStatus": "todo", "updatedAt": changed["updatedAt"]}
    assert told() == [("task-status-updated", payload, [tasks_room(person)])]


@pytest.mark.parametrize(
    "complete",
    [
        lambda person, task: person.patch(path_of(task, "status"), {"status": "done"}),
        lambda person, task: person.post(path_of(task, "complete")),
        lambda person, task: person.post(path_of(task, "complete"), {}),
    ],
    ids=["status done", "complete without body", "complete"],
)
def test_completing_is_told_as_status_and_as_completion(
    person: Person, app: Flask, complete: Callable[[Person, dict[str, Any]], TestResponse]
) -> None:
    task = new_task(person)
    told = listen_to_tasks(app)
    done = ok(complete(person, task))
    at = done["updatedAt"]
    assert done == task | {"status": "done", "updatedAt": at, "completedAt": done["completedAt"]}
    assert done["completedAt"] is not None
    status = {"id": task["id"], "status": "done", "previousStatus": "todo", "updatedAt": at}
    rooms = [tasks_room(person)]
    assert told() == [("task-status-updated", status, rooms), ("task-completed", done, rooms)]


def test_completing_says_how_long_it_took(person: Person) -> None:
    task = new_task(person)
    assert ok(person.post(path_of(task, "complete"), {"actualHours": 3}))["actualHours"] == 3


def test_completing_again_is_no_change(person: Person, app: Flask) -> None:
    task = new_task(person)
    done = ok(person.post(path_of(task, "complete"), {"actualHours": 3}))
    told = listen_to_tasks(app)
    assert ok(person.post(path_of(task, "complete"), {"actualHours": 3})) == done
    assert ok(person.post(path_of(task, "complete"))) == done
    assert told() == NOTHING


def test_completing_again_corrects_the_hours(person: Person, app: Flask) -> None:
    task = new_task(person)
    done = ok(person.post(path_of(task, "complete"), {"actualHours": 3}))
    told = listen_to_tasks(app)
    corrected = ok(person.post(path_of(task, "complete"), {"actualHours": 4}))
    assert corrected == done | {"actualHours": 4, "updatedAt": corrected["updatedAt"]}
    assert told() == [("task-updated", corrected, [tasks_room(person)])]


def test_leaving_done_is_not_completed_any_more(person: Person) -> None:
    task = new_task(person)
    ok(person.post(path_of(task, "complete")))
    assert ok(person.patch(path_of(task, "status"), {"status": "in_progress"}))["completedAt"] is None


def test_the_same_status_again_is_no_change(person: Person, app: Flask) -> None:
    task = new_task(person)
    told = listen_to_tasks(app)
    assert ok(person.patch(path_of(task, "status"), {"status": "todo"})) == task
    assert told() == NOTHING


@pytest.mark.parametrize("progress", [1, 100, 40.0])
def test_progress_is_told_and_never_completes(person: Person, app: Flask, progress: float) -> None:
    task = new_task(person)
    told = listen_to_tasks(app)
    changed = ok(person.patch(path_of(task, "progress"), {"progress": progress}))
    assert changed == task | {"progress": progress, "updatedAt": changed["updatedAt"]}
    payload = {"id": task["id"], "progress": progress, "updatedAt": changed["updatedAt"]}
    assert told() == [("task-progress-updated", payload, [tasks_room(person)])]


def test_the_same_progress_again_is_no_change(person: Person, app: Flask) -> None:
    task = new_task(person)
    told = listen_to_tasks(app)
    assert ok(person.patch(path_of(task, "progress"), {"progress": 0})) == task
    assert told() == NOTHING


# --- rating


def test_a_rating_is_answered_and_told_without_its_value(manager: Person, member: Person, app: Flask) -> None:
    task = new_task(manager, assigneeId=member.id)
    told = listen_to_tasks(app)
    rated = ok(manager.put(path_of(task, "rating"), {"rating": 4}))
    untold = task | {"updatedAt": rated["updatedAt"]}
    assert rated == untold | {"rating": 4}
    assert told() == [("task-updated", untold, [tasks_room(member), tasks_room(manager)])]


def test_the_same_rating_again_is_no_change(manager: Person, app: Flask) -> None:
    task = new_task(manager)
    rated = ok(manager.put(path_of(task, "rating"), {"rating": 4}))
    told = listen_to_tasks(app)
    assert ok(manager.put(path_of(task, "rating"), {"rating": 4})) == rated
    assert told() == NOTHING


# --- watchers


def test_who_is_made_a_watcher_sees_the_task(admin: Person, person: Person, app: Flask) -> None:
    task = new_task(admin)
    told = listen_to_tasks(app)
    for _ in range(2):
        assert admin.put(path_of(task, "watchers", person.id)).status_code == 204
    assert person.get(path_of(task)).status_code == 200
    assert told() == NOTHING


def test_who_stops_watching_no_longer_sees_the_task(admin: Person, person: Person) -> None:
    task = new_task(admin)
    admin.put(path_of(task, "watchers", person.id))
    assert person.delete(path_of(task, "watchers", person.id)).status_code == 204
    assert error_code(person.get(path_of(task))) == (404, "not_found")


def test_who_does_not_watch_has_stopped_already(person: Person) -> None:
    task = new_task(person)
    assert person.delete(path_of(task, "watchers", person.id)).status_code == 204


def test_who_sees_a_task_sees_its_watchers(manager: Person, member: Person, team: str) -> None:
    task = new_task(manager, teamId=team)
    for watcher in (manager, member):
        manager.put(path_of(task, "watchers", watcher.id))
    first = ok(member.get(path_of(task, "watchers") + "?limit=1"))
    second = ok(member.get(path_of(task, "watchers") + f"?limit=1&cursor={first['nextCursor']}"))
    assert first["items"] + second["items"] == [{"id": id, "name": "Somebody"} for id in (member.id, manager.id)]
    assert second["nextCursor"] is None


def test_who_stopped_is_no_watcher(person: Person) -> None:
    task = new_task(person)
    person.put(path_of(task, "watchers", person.id))
    person.delete(path_of(task, "watchers", person.id))
    assert ok(person.get(path_of(task, "watchers"))) == {"items": [], "nextCursor": None}


# --- notes


def test_a_note_is_answered_told_and_listed(manager: Person, member: Person, team: str, app: Flask) -> None:
    task = new_task(manager, teamId=team)
    told = listen_to_tasks(app)
    answer = member.post(path_of(task, "notes"), {"content": " Soon "})
    note = answer.get_json()
    assert answer.status_code == 201
    assert note == {
        "id": note["id"],
        "taskId": task["id"],
        "authorId": member.id,
        "content": "Soon",
        "createdAt": note["createdAt"],
    }
    assert told() == [("task-note-added", note, [tasks_room(manager), f"team-{team}"])]
    assert ok(manager.get(path_of(task, "notes"))) == {"items": [note], "nextCursor": None}


def test_notes_come_newest_first_in_pages(person: Person) -> None:
    task = new_task(person)
    ids = [person.post(path_of(task, "notes"), {"content": text}).get_json()["id"] for text in "abc"]
    first = ok(person.get(path_of(task, "notes") + "?limit=2"))
    second = ok(person.get(path_of(task, "notes") + f"?limit=2&cursor={first['nextCursor']}"))
    assert [note["id"] for note in first["items"] + second["items"]] == ids[::-1]


def test_a_repeat_with_the_same_key_writes_no_second_note(person: Person, app: Flask) -> None:
    path = path_of(new_task(person), "notes")
    told = listen_to_tasks(app)
    first, again = (person.post(path, {"content": "Soon"}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert len(told()) == 1


# --- who else hears


def test_the_watchers_are_notified_of_completion_and_of_notes(admin: Person, person: Person) -> None:
    task = new_task(admin, title="Report")
    admin.put(path_of(task, "watchers", person.id))
    admin.post(path_of(task, "notes"), {"content": "Soon"})
    admin.post(path_of(task, "complete"))
    items = ok(person.get("/api/notifications"))["items"]
    assert [item["type"] for item in items] == ["task-completed", "task-note-added"]
    assert all("Report" in item["message"] for item in items)


def test_what_one_did_oneself_notifies_others_alone(manager: Person, member: Person) -> None:
    task = new_task(manager, assigneeId=member.id)
    ok(member.post(path_of(task, "complete")))
    assert [item["type"] for item in ok(manager.get("/api/notifications"))["items"]] == ["task-completed"]
    assert [item["type"] for item in ok(member.get("/api/notifications"))["items"]] == ["task-assigned"]
