"""Which metrics are computed and emitted when a task changes, and that no others are."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.extensions import db
from tests.integration.conftest import NewPerson, Person
from tests.support.outbox import listen
from tests.support.plans import executed
from tests.support.tasks import PATH, new_task

News = Callable[[], list[tuple[str, Any]]]
VALUES = {
    "productivity-updated": ["assigned", "completed", "active", "completionRate", "throughputPerDay", "score"],
    "efficiency-updated": ["onTimeRate", "avgCycleHours", "estimateAccuracy", "score"],
    "quality-updated": ["reopenRate", "avgRating", "ratedTasks", "score"],
}


@pytest.fixture
def emitted(app: Flask) -> News:
    """The metrics emitted since the last call, as (name, payload)."""
    position = 0
    everything = listen(app)

    def news() -> list[tuple[str, Any]]:
        nonlocal position
        metrics = [(name, payload) for name, payload, _ in everything() if name in VALUES]
        position, since = len(metrics), position
        return metrics[since:]

    return news


def names(events: list[tuple[str, Any]]) -> list[str]:
    return [name for name, _ in events]


def values(event: tuple[str, Any]) -> list[float | None]:
    name, payload = event
    return [payload[value] for value in VALUES[name]]


def test_a_new_task_changes_the_productivity_of_its_assignee(manager: Person, member: Person, emitted: News) -> None:
    new_task(manager, assigneeId=member.id)
    [event] = emitted()
    assert (event[0], event[1]["userId"], values(event)) == ("productivity-updated", member.id, [1, 0, 1, 0, 0, 0])


def test_a_metric_is_heard_in_the_room_of_its_user(app: Flask, manager: Person, member: Person) -> None:
    news = listen(app)
    new_task(manager, assigneeId=member.id)
    rooms = {name: rooms for name, _, rooms in news()}
    assert rooms["productivity-updated"] == [f"analytics-{member.id}"]


def test_what_is_emitted_is_what_is_read(manager: Person, member: Person, emitted: News) -> None:
    new_task(manager, assigneeId=member.id)
    [(_, payload)] = emitted()
    window = f"from={payload['from']}&to={payload['to']}"
    assert member.get(f"/api/analytics/productivity?{window}").get_json() == payload


def test_a_task_without_assignee_changes_no_metric(manager: Person, emitted: News) -> None:
    new_task(manager)
    assert emitted() == []


def test_completing_changes_all_that_it_bears_on(manager: Person, member: Person, emitted: News) -> None:
    task = new_task(manager, assigneeId=member.id, dueAt="2999-01-01T00:00:00Z", estimateHours=4)
    emitted()
    member.post(f"{PATH}/{task['id']}/complete", {"actualHours": 5})
    productivity, efficiency, quality = emitted()
    assert values(productivity) == [1, 1, 0, 1, 0.0333, 71]
    assert [efficiency[1][value] for value in ("onTimeRate", "estimateAccuracy", "score")] == [1, 0.75, 87.5]
    assert values(quality) == [0, None, 0, 100]


def test_reopening_changes_the_quality(manager: Person, member: Person, emitted: News) -> None:
    task = new_task(manager, assigneeId=member.id)
    member.post(f"{PATH}/{task['id']}/complete")
    emitted()
    member.patch(f"{PATH}/{task['id']}/status", {"status": "in_progress"})
    quality = emitted()[-1]
    assert (quality[0], values(quality)) == ("quality-updated", [1, None, 0, 0])


def test_a_rating_changes_the_quality_alone(manager: Person, member: Person, emitted: News) -> None:
    task = new_task(manager, assigneeId=member.id)
    emitted()
    manager.put(f"{PATH}/{task['id']}/rating", {"rating": 4})
    [quality] = emitted()
    assert (quality[0], values(quality)) == ("quality-updated", [None, 4, 1, 75])


def test_a_new_due_date_of_a_completed_task_changes_the_efficiency_alone(
    manager: Person, member: Person, emitted: News
) -> None:
    task = new_task(manager, assigneeId=member.id)
    member.post(f"{PATH}/{task['id']}/complete")
    emitted()
    manager.patch(f"{PATH}/{task['id']}", {"dueAt": "2026-01-01T00:00:00Z"})
    [(name, payload)] = emitted()
    assert (name, payload["onTimeRate"]) == ("efficiency-updated", 0)


def test_a_reassignment_changes_the_metrics_of_both(
    manager: Person, member: Person, new_person: NewPerson, team: str, emitted: News
) -> None:
    task, other = new_task(manager, assigneeId=member.id), new_person(teams=[team])
    emitted()
    manager.put(f"{PATH}/{task['id']}/assignee", {"userId": other.id})
    events = emitted()
    assert names(events) == ["productivity-updated"] * 2
    assert {payload["userId"]: payload["assigned"] for _, payload in events} == {member.id: 0, other.id: 1}


def test_a_task_that_is_taken_away_counts_no_longer(manager: Person, member: Person, emitted: News) -> None:
    task = new_task(manager, assigneeId=member.id)
    emitted()
    manager.put(f"{PATH}/{task['id']}/assignee", {"userId": None})
    [event] = emitted()
    assert (event[1]["userId"], values(event)) == (member.id, [0, 0, 0, None, 0, None])


def test_a_deleted_task_counts_no_longer(manager: Person, member: Person, emitted: News) -> None:
    task = new_task(manager, assigneeId=member.id)
    emitted()
    manager.delete(f"{PATH}/{task['id']}")
    [event] = emitted()
    assert (event[1]["userId"], values(event)) == (member.id, [0, 0, 0, None, 0, None])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"title": "Another"}),
        ("PATCH", "/status", {"status": "in_progress"}),
        ("PATCH", "/progress", {"progress": 100}),
        ("POST", "/notes", {"content": "Soon"}),
        ("PATCH", "", {"estimateHours": 8}),
    ],
)
def test_what_changes_no_value_emits_no_metric(
    member: Person, emitted: News, method: str, path: str, body: dict[str, Any]
) -> None:
    task = new_task(member, assigneeId=member.id)
    emitted()
    getattr(member, method.lower())(f"{PATH}/{task['id']}{path}", body)
    assert emitted() == []


def test_a_refused_change_emits_no_metric(manager: Person, member: Person, emitted: News) -> None:
    task = new_task(manager, assigneeId=member.id)
    emitted()
    assert member.put(f"{PATH}/{task['id']}/rating", {"rating": 5}).status_code == 403
    assert emitted() == []


# --- what is computed

PRODUCTIVITY, EFFICIENCY, QUALITY = "productivity", "efficiency", "quality"
ALL = {PRODUCTIVITY, EFFICIENCY, QUALITY}


def computed(app: Flask, change: Callable[[], TestResponse]) -> set[tuple[str, str]]:
    """Of whom which metrics a request computes: it looks up what was last told of each."""
    with app.app_context(), executed(db.engine) as statements:
        assert change().status_code < 300
    asked = [found for statement, found in statements if "FROM metric_snapshots" in statement]
    values = [list(found.values() if isinstance(found, dict) else found) for found in asked]
    return {(user_id, metric) for user_id, *metrics in values for metric in metrics}


@pytest.fixture
def other(new_person: NewPerson, team: str) -> Person:
    """Another member of the team."""
    return new_person(teams=[team])


Request = tuple[str, str, Any]
"""Of a task: the method, the rest of the path, the body."""

OPEN: list[tuple[Request, set[str]]] = [
    (("PATCH", "", {"title": "Another", "priority": "high"}), set()),
    (("PATCH", "", {"dueAt": "2999-01-01T00:00:00Z", "estimateHours": 3}), set()),
    (("PATCH", "/status", {"status": "in_progress"}), set()),
    (("PATCH", "/progress", {"progress": 50}), set()),
    (("POST", "/notes", {"content": "Soon"}), set()),
    (("PATCH", "/status", {"status": "done"}), ALL),
    (("POST", "/complete", {"actualHours": 3}), ALL),
    (("PUT", "/rating", {"rating": 3}), {QUALITY}),
    (("DELETE", "", None), {PRODUCTIVITY}),
]
DONE: list[tuple[Request, set[str]]] = [
    (("PATCH", "", {"title": "Another"}), set()),
    (("PATCH", "", {"dueAt": "2999-01-01T00:00:00Z"}), {EFFICIENCY}),
    (("PATCH", "", {"estimateHours": 3}), {EFFICIENCY}),
    (("POST", "/complete", {"actualHours": 3}), {EFFICIENCY}),
    (("PUT", "/rating", {"rating": 3}), {QUALITY}),
    (("PATCH", "/status", {"status": "blocked"}), ALL),
    (("DELETE", "", None), ALL),
]


def send(person: Person, task: dict[str, Any], request: Request) -> TestResponse:
    method, path, body = request
    answer: TestResponse = getattr(person, method.lower())(f"{PATH}/{task['id']}{path}", body)
    return answer


def test_a_change_of_an_open_task_computes_only_what_it_can_bear_on(
    app: Flask, manager: Person, member: Person
) -> None:
    for request, metrics in OPEN:
        task = new_task(manager, assigneeId=member.id)
        found = computed(app, partial(send, manager, task, request))
        assert found == {(member.id, metric) for metric in metrics}, request


def test_a_change_of_a_completed_task_computes_only_what_it_can_bear_on(
    app: Flask, manager: Person, member: Person
) -> None:
    for request, metrics in DONE:
        task = new_task(manager, assigneeId=member.id)
        send(member, task, ("POST", "/complete", None))
        found = computed(app, partial(send, manager, task, request))
        assert found == {(member.id, metric) for metric in metrics}, request


def test_a_new_task_computes_productivity_alone(app: Flask, manager: Person, member: Person) -> None:
    found = computed(app, lambda: manager.post(PATH, {"title": "T", "assigneeId": member.id}))
    assert found == {(member.id, PRODUCTIVITY)}


def test_a_reassignment_computes_productivity_of_both(
    app: Flask, manager: Person, member: Person, other: Person
) -> None:
    task = new_task(manager, assigneeId=member.id)
    found = computed(app, lambda: manager.put(f"{PATH}/{task['id']}/assignee", {"userId": other.id}))
    assert found == {(member.id, PRODUCTIVITY), (other.id, PRODUCTIVITY)}


@pytest.mark.parametrize("before", [("POST", "/complete", None), ("PUT", "/rating", {"rating": 3})])
def test_a_reassignment_of_what_was_done_or_rated_computes_all_of_both(
    app: Flask, manager: Person, member: Person, other: Person, before: Request
) -> None:
    task = new_task(manager, assigneeId=member.id)
    send(manager, task, before)
    send(manager, task, ("PATCH", "/status", {"status": "in_progress"}))  # that it was done is enough
    found = computed(app, partial(send, manager, task, ("PUT", "/assignee", {"userId": other.id})))
    assert found == {(user.id, metric) for user in (member, other) for metric in ALL}
