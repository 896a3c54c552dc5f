"""Which metrics are emitted when a task changes, and that no others are."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.integration.conftest import NewPerson, Person
from tests.support.outbox import listen
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
