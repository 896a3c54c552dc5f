"""``/api/analytics/{metric}/history``: a metric for each day or week of a time, of a person or a team."""

from datetime import timedelta

import pytest
from flask import Flask

from app.core.clock import iso
from tests.integration.conftest import Person, error_code
from tests.support.analytics import MARCH, METRICS, NO_TASKS, PATH, START, day, keep_task
from tests.support.tasks import ok


def test_history_has_an_item_a_day(app: Flask, person: Person) -> None:
    for completed_at in (day(2), day(2), day(4)):
        keep_task(app, person, created_at=day(1), status="done", completed_at=completed_at)
    items = ok(person.get(f"{PATH}/productivity/history?{MARCH}&bucket=day"))["items"]
    assert [item["completed"] for item in items] == [0, 2, 0, 1, 0, 0, 0, 0, 0, 0]
    assert [item["active"] for item in items[:4]] == [3, 1, 1, 0]
    assert (items[0]["from"], items[-1]["to"]) == ("2026-03-01T00:00:00.000Z", "2026-03-11T00:00:00.000Z")
    assert [item["to"] for item in items[:-1]] == [item["from"] for item in items[1:]]


def test_the_last_day_ends_with_the_window(person: Person) -> None:
    query = "from=2026-03-01T00:00:00Z&to=2026-03-02T06:00:00Z"
    items = ok(person.get(f"{PATH}/efficiency/history?{query}"))["items"]
    assert [item["to"] for item in items] == ["2026-03-02T00:00:00.000Z", "2026-03-02T06:00:00.000Z"]


def test_history_has_an_item_a_week(app: Flask, person: Person) -> None:
    for completed_at in (day(2), day(7), day(9), None):
        keep_task(app, person, created_at=day(1), status="done", completed_at=completed_at)
    items = ok(person.get(f"{PATH}/productivity/history?{MARCH}&bucket=week"))["items"]
    assert [(item["from"], item["to"]) for item in items] == [
        ("2026-03-01T00:00:00.000Z", "2026-03-08T00:00:00.000Z"),
        ("2026-03-08T00:00:00.000Z", "2026-03-11T00:00:00.000Z"),
    ]
    assert [(item["assigned"], item["completed"], item["active"]) for item in items] == [(4, 2, 2), (2, 1, 1)]


def test_a_week_is_counted_from_the_start_of_the_window(person: Person) -> None:
    query = "from=2026-03-04T06:30:00Z&to=2026-03-18T06:30:00Z&bucket=week"
    items = ok(person.get(f"{PATH}/quality/history?{query}"))["items"]
    assert [item["from"] for item in items] == ["2026-03-04T06:30:00.000Z", "2026-03-11T06:30:00.000Z"]


def test_an_item_is_what_is_read_for_its_time(app: Flask, person: Person) -> None:
    for metric, bucket in ((metric, bucket) for metric in METRICS for bucket in ("day", "week")):
        facts = {"due_at": day(4), "rating": 4, "rated_at": day(9)}
        keep_task(app, person, created_at=day(1), completed_at=day(3), first_completed_at=day(2), **facts)
        for item in ok(person.get(f"{PATH}/{metric}/history?{MARCH}&bucket={bucket}"))["items"]:
            assert ok(person.get(f"{PATH}/{metric}?from={item['from']}&to={item['to']}")) == item


def test_what_is_beneath_a_millisecond_is_cut_off(app: Flask, person: Person) -> None:
    keep_task(app, person, created_at=day(1), completed_at=START)
    query = "from=2026-03-01T00:00:00.000999Z&to=2026-03-03T00:00:00.000999Z"
    items = ok(person.get(f"{PATH}/productivity/history?{query}"))["items"]
    assert [(item["from"], item["completed"]) for item in items] == [
        ("2026-03-01T00:00:00.000Z", 1),
        ("2026-03-02T00:00:00.000Z", 0),
    ]


def test_a_manager_reads_the_history_of_a_team(app: Flask, manager: Person, member: Person, team: str) -> None:
    for assignee, completed_at in ((manager, day(2)), (member, day(2)), (member, day(4))):
        keep_task(app, assignee, created_at=day(1), completed_at=completed_at)
    items = ok(manager.get(f"{PATH}/productivity/history?teamId={team}&{MARCH}"))["items"]
    assert [item["completed"] for item in items] == [0, 2, 0, 1, 0, 0, 0, 0, 0, 0]
    assert [item["active"] for item in items[:4]] == [3, 1, 1, 0]
    assert items[1].keys() == {"teamId", "from", "to"} | NO_TASKS["productivity"].keys()
    assert items[1]["score"] == 76.6667  # two of three, and one a day and member


@pytest.mark.parametrize("metric", METRICS)
def test_an_item_of_a_team_is_its_roll_up_for_that_time(
    app: Flask, manager: Person, member: Person, team: str, metric: str
) -> None:
    for assignee in (manager, member):
        facts = {"due_at": day(2), "rating": 4, "rated_at": day(9)}
        keep_task(app, assignee, created_at=day(1), completed_at=day(3), first_completed_at=day(2), **facts)
    for item in ok(manager.get(f"{PATH}/{metric}/history?teamId={team}&{MARCH}&bucket=week"))["items"]:
        window = f"from={item['from']}&to={item['to']}"
        assert ok(manager.get(f"{PATH}/{metric}?teamId={team}&{window}"))["team"] == item


def test_history_is_of_the_last_30_days(person: Person) -> None:
    assert len(ok(person.get(f"{PATH}/quality/history"))["items"]) == 30


def test_history_reaches_over_366_days(person: Person) -> None:
    query = f"from={iso(START - timedelta(days=366))}&to={iso(START)}"
    assert len(ok(person.get(f"{PATH}/quality/history?{query}"))["items"]) == 366


def test_a_manager_reads_the_history_of_a_member(manager: Person, member: Person) -> None:
    items = ok(manager.get(f"{PATH}/quality/history?userId={member.id}"))["items"]
    assert {item["userId"] for item in items} == {member.id}


@pytest.mark.parametrize("bucket", ["hour", "month", "Day", "7", "", "day,week", "day&bucket=week"])
def test_another_bucket_than_a_day_or_a_week_is_refused(person: Person, bucket: str) -> None:
    answer = person.get(f"{PATH}/quality/history?bucket={bucket}")
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == ["bucket"]
