"""``/api/analytics``: whose metrics one reads, over which time, and how they are computed anew."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.core.clock import now
from app.people.models import Role
from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.analytics import MARCH, METRICS, NO_TASKS, PATH, day, keep_task
from tests.support.outbox import listen
from tests.support.tasks import new_task, ok

# --- reading


@pytest.mark.parametrize("metric", METRICS)
def test_without_tasks_there_is_a_metric_of_nothing(person: Person, metric: str) -> None:
    measured = ok(person.get(f"{PATH}/{metric}"))
    window = {"from": measured["from"], "to": measured["to"]}
    assert measured == {"userId": person.id} | window | NO_TASKS[metric]


def test_the_window_is_the_last_30_days(person: Person) -> None:
    measured = ok(person.get(f"{PATH}/productivity"))
    end = datetime.fromisoformat(measured["to"])
    assert end - datetime.fromisoformat(measured["from"]) == timedelta(days=30)
    assert abs(end - now()) < timedelta(minutes=1)


def test_what_has_just_happened_counts(person: Person) -> None:
    new_task(person, assigneeId=person.id)
    assert ok(person.get(f"{PATH}/productivity"))["assigned"] == 1


def test_without_from_the_window_is_the_30_days_before_to(person: Person) -> None:
    assert ok(person.get(f"{PATH}/quality?to=2026-03-31T00:00:00Z"))["from"] == "2026-03-01T00:00:00.000Z"


def test_a_window_may_be_given_with_offsets(person: Person) -> None:
    query = "from=2026-03-01T02:00:00%2B02:00&to=2026-03-02T00:00:00-01:00"
    measured = ok(person.get(f"{PATH}/quality?{query}"))
    assert (measured["from"], measured["to"]) == ("2026-03-01T00:00:00.000Z", "2026-03-02T01:00:00.000Z")


def test_productivity_is_computed_from_the_tasks_of_the_window(app: Flask, person: Person) -> None:
    keep_task(app, person, created_at=day(-9), status="done", completed_at=day(-1))  # before
    keep_task(app, person, created_at=day(-9), status="done", completed_at=day(2))
    keep_task(app, person, created_at=day(3))
    keep_task(app, person, created_at=day(20))  # after
    measured = ok(person.get(f"{PATH}/productivity?{MARCH}"))
    expected = {"assigned": 2, "completed": 1, "active": 1, "completionRate": 0.5, "throughputPerDay": 0.1, "score": 38}
    assert expected.items() <= measured.items()


def test_efficiency_is_computed_from_what_was_completed(app: Flask, person: Person) -> None:
    done = {"status": "done", "created_at": day(1), "estimate_hours": 4, "actual_hours": 5}
    keep_task(app, person, **done, started_at=day(2), completed_at=day(3), due_at=day(3))
    keep_task(app, person, **done, completed_at=day(3), due_at=day(2))
    measured = ok(person.get(f"{PATH}/efficiency?{MARCH}"))
    expected = {"onTimeRate": 0.5, "avgCycleHours": 36, "estimateAccuracy": 0.75, "score": 62.5}
    assert expected.items() <= measured.items()


def test_quality_is_computed_from_reopenings_and_ratings(app: Flask, person: Person) -> None:
    keep_task(app, person, created_at=day(-9), first_completed_at=day(1), reopen_count=1)
    keep_task(app, person, created_at=day(-9), first_completed_at=day(1), completed_at=day(1))
    keep_task(app, person, created_at=day(-9), completed_at=day(-5), rating=4, rated_at=day(1))  # rated late
    measured = ok(person.get(f"{PATH}/quality?{MARCH}"))
    assert {"reopenRate": 0.5, "avgRating": 4, "ratedTasks": 1, "score": 62.5}.items() <= measured.items()


def test_a_window_may_end_with_the_last_year(person: Person) -> None:
    ok(person.get(f"{PATH}/productivity?from=9999-12-31T00:00:00Z&to=9999-12-31T23:59:59Z"))


# --- rights


@pytest.mark.parametrize("metric", METRICS)
def test_a_manager_of_a_shared_team_reads_anothers_metric(manager: Person, member: Person, metric: str) -> None:
    assert ok(manager.get(f"{PATH}/{metric}?userId={member.id}"))["userId"] == member.id


@pytest.mark.parametrize("metric", METRICS)
def test_an_admin_reads_anothers_metric(admin: Person, person: Person, metric: str) -> None:
    assert ok(admin.get(f"{PATH}/{metric}?userId={person.id}"))["userId"] == person.id


@pytest.mark.parametrize("path", ["", "/history"])
def test_anothers_metric_is_as_that_of_nobody(new_person: NewPerson, team: str, path: str) -> None:
    one, teammate, manager_elsewhere = new_person(teams=[team]), new_person(teams=[team]), new_person(Role.MANAGER)
    for viewer in (teammate, manager_elsewhere):
        anothers = viewer.get(f"{PATH}/quality{path}?userId={one.id}")
        assert error_code(anothers) == (404, "not_found")
        assert "metrics" in anothers.get_json()["error"]["message"]
        assert anothers.get_json() == viewer.get(f"{PATH}/quality{path}?userId=nobody").get_json()


def test_an_unknown_user_has_no_metric(admin: Person) -> None:
    assert error_code(admin.get(f"{PATH}/quality?userId=nobody")) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "productivity"), ("GET", "quality/history"), ("POST", "quality/recalculate")]
)
def test_every_route_takes_a_token(app: Flask, method: str, path: str) -> None:
    assert error_code(app.test_client().open(f"{PATH}/{path}", method=method)) == (401, "unauthenticated")


# --- teams


def test_a_manager_reads_the_metric_of_each_member(manager: Person, member: Person, team: str) -> None:
    new_task(manager, assigneeId=member.id)
    answer = ok(manager.get(f"{PATH}/productivity?teamId={team}"))
    assert answer.keys() == {"teamId", "from", "to", "team", "members"}
    assert answer["teamId"] == team
    assert {of["userId"]: of["assigned"] for of in answer["members"]} == {manager.id: 0, member.id: 1}


def test_the_metric_of_a_member_is_the_same_alone_and_in_the_team(
    app: Flask, manager: Person, member: Person, team: str
) -> None:
    keep_task(app, member, created_at=day(1), status="done", completed_at=day(2))
    alone = ok(manager.get(f"{PATH}/efficiency?userId={member.id}&{MARCH}"))
    assert alone in ok(manager.get(f"{PATH}/efficiency?teamId={team}&{MARCH}"))["members"]


def test_a_team_is_rolled_up_from_the_tasks_of_all_members(
    app: Flask, manager: Person, member: Person, team: str
) -> None:
    late = {"status": "done", "created_at": day(1), "completed_at": day(3), "due_at": day(2)}
    for _ in range(3):
        keep_task(app, member, **late)
    keep_task(app, manager, **late | {"due_at": day(4)})
    answer = ok(manager.get(f"{PATH}/efficiency?teamId={team}&{MARCH}"))
    window = {"from": answer["from"], "to": answer["to"]}
    values = {"onTimeRate": 0.25, "avgCycleHours": 48, "estimateAccuracy": None, "score": 25}  # and not 0.5 and 50
    assert answer["team"] == {"teamId": team} | window | values
    assert sorted(of["onTimeRate"] for of in answer["members"]) == [0, 1]


def test_the_counts_of_a_team_are_the_sums_of_its_members(
    app: Flask, manager: Person, member: Person, team: str
) -> None:
    for assignee, completed_at in ((manager, day(2)), (member, day(3)), (member, None), (member, day(20))):
        keep_task(app, assignee, created_at=day(1), completed_at=completed_at)
    answer = ok(manager.get(f"{PATH}/productivity?teamId={team}&{MARCH}"))
    for name, total in {"assigned": 4, "completed": 2, "active": 2}.items():
        assert answer["team"][name] == sum(of[name] for of in answer["members"]) == total
    assert (answer["team"]["completionRate"], answer["team"]["score"]) == (0.5, 38)  # 0.1 a day and member


@pytest.mark.parametrize("metric", METRICS)
def test_the_roll_up_of_one_member_is_that_member(app: Flask, manager: Person, team: str, metric: str) -> None:
    facts = {"estimate_hours": 3, "actual_hours": 4, "due_at": day(4), "rating": 4, "rated_at": day(5)}
    keep_task(app, manager, created_at=day(1), completed_at=day(3), first_completed_at=day(2), **facts)
    answer = ok(manager.get(f"{PATH}/{metric}?teamId={team}&{MARCH}"))
    [member] = answer["members"]
    assert member.pop("userId") == manager.id
    assert answer["team"] == {"teamId": team} | member
    assert answer["team"]["score"] is not None


@pytest.mark.parametrize("metric", METRICS)
def test_a_team_without_members_has_a_metric_of_nothing(admin: Person, team: str, metric: str) -> None:
    answer = ok(admin.get(f"{PATH}/{metric}?teamId={team}"))
    assert answer["members"] == []
    assert NO_TASKS[metric].items() <= answer["team"].items()


def test_a_task_of_the_team_that_nobody_of_it_has_does_not_count(
    app: Flask, manager: Person, person: Person, team: str
) -> None:
    keep_task(app, person, created_at=day(1), team_id=team)
    assert ok(manager.get(f"{PATH}/productivity?teamId={team}&{MARCH}"))["team"]["assigned"] == 0


OF_A_TEAM = ["quality", "productivity/history", "quality/history"]


@pytest.mark.parametrize("path", OF_A_TEAM)
def test_a_member_does_not_read_the_teams_metrics(member: Person, team: str, path: str) -> None:
    assert error_code(member.get(f"{PATH}/{path}?teamId={team}")) == (403, "forbidden")


@pytest.mark.parametrize("path", OF_A_TEAM)
def test_a_team_of_others_is_as_unknown(new_person: NewPerson, team: str, path: str) -> None:
    for stranger in (new_person(), new_person(Role.MANAGER)):
        theirs = stranger.get(f"{PATH}/{path}?teamId={team}")
        assert error_code(theirs) == (404, "not_found")
        assert theirs.get_json() == stranger.get(f"{PATH}/{path}?teamId=nothing").get_json()


def test_an_admin_reads_the_metrics_of_any_team(admin: Person, member: Person, team: str) -> None:
    assert [of["userId"] for of in ok(admin.get(f"{PATH}/quality?teamId={team}"))["members"]] == [member.id]
    assert {of["teamId"] for of in ok(admin.get(f"{PATH}/quality/history?teamId={team}"))["items"]} == {team}


def test_an_admin_finds_no_team_that_there_is_not(admin: Person) -> None:
    for path in OF_A_TEAM:
        assert error_code(admin.get(f"{PATH}/{path}?teamId=nothing")) == (404, "not_found")


# --- computing anew


@pytest.mark.parametrize("body", [None, {}, {"userId": None}])
def test_recalculating_answers_ones_own_metric(person: Person, body: Any) -> None:
    new_task(person, assigneeId=person.id)
    measured = ok(person.post(f"{PATH}/productivity/recalculate", body))
    assert (measured["userId"], measured["assigned"]) == (person.id, 1)


def test_recalculating_emits_what_changed_meanwhile(app: Flask, person: Person) -> None:
    keep_task(app, person)
    news = listen(app)
    measured = ok(person.post(f"{PATH}/productivity/recalculate"))
    assert news() == [("productivity-updated", measured, [f"analytics-{person.id}"])]


@pytest.mark.parametrize("metric", METRICS)
def test_recalculating_emits_nothing_when_no_value_changed(app: Flask, person: Person, metric: str) -> None:
    new_task(person, assigneeId=person.id)
    news = listen(app)
    ok(person.post(f"{PATH}/{metric}/recalculate"))
    assert news() == []


def test_a_manager_recalculates_the_metric_of_a_member(manager: Person, member: Person) -> None:
    measured = ok(manager.post(f"{PATH}/quality/recalculate", {"userId": member.id}))
    assert measured["userId"] == member.id


def test_nobody_else_recalculates_anothers_metric(app: Flask, person: Person, member: Person) -> None:
    keep_task(app, member)
    news = listen(app)
    refused = person.post(f"{PATH}/productivity/recalculate", {"userId": member.id})
    assert error_code(refused) == (404, "not_found")
    assert refused.get_json() == person.post(f"{PATH}/productivity/recalculate", {"userId": "x"}).get_json()
    assert news() == []


# --- refusals

BAD_WINDOWS = {
    "from=yesterday": "from",
    "from=2026-03-01": "from",
    "from=2026-03-01T00:00:00": "from",
    "from=2026-03-01T00:00:00+02:00": "from",  # a bare + is a space
    "from=1772323200": "from",
    "from_=2026-03-01T00:00:00Z": "from_",
    "to=9999-12-31T23:59:59-01:00": "to",
    "to=0001-01-02T00:00:00Z": "to",
    "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z": "from",
    "from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z": "from",
    "from=2026-03-01T00:00:00Z&to=2027-03-02T00:00:00.001Z": "from",
    "from=2999-01-01T00:00:00Z": "from",
    "to=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z": "to",
    "userId=": "userId",
    "until=2026-03-01T00:00:00Z": "until",
}


def test_a_time_without_a_zone_is_told_to_have_one(person: Person) -> None:
    answer = person.get(f"{PATH}/quality?from=2026-03-01T00:00:00")
    assert "add Z or an offset" in answer.get_json()["error"]["details"]["from"]


@pytest.mark.parametrize("path", ["productivity", "efficiency/history"])
def test_a_bad_window_is_refused(person: Person, path: str) -> None:
    for query, field in BAD_WINDOWS.items():
        answer = person.get(f"{PATH}/{path}?{query}")
        assert error_code(answer) == (400, "validation_failed"), query
        assert list(answer.get_json()["error"]["details"]) == [field], query


@pytest.mark.parametrize("path", ["quality", "quality/history"])
def test_a_user_and_a_team_at_once_are_refused(manager: Person, team: str, path: str) -> None:
    answer = manager.get(f"{PATH}/{path}?userId={manager.id}&teamId={team}")
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == ["teamId"]


@pytest.mark.parametrize("path", ["quality", "quality/history"])
def test_a_team_without_an_id_is_refused(manager: Person, path: str) -> None:
    assert error_code(manager.get(f"{PATH}/{path}?teamId=")) == (400, "validation_failed")


def test_only_a_history_has_buckets(person: Person) -> None:
    assert error_code(person.get(f"{PATH}/quality?bucket=day")) == (400, "validation_failed")


@pytest.mark.parametrize("body", [{"userId": 1}, {"userId": ""}, {"metric": "quality"}, []])
def test_a_bad_recalculation_is_refused(person: Person, body: Any) -> None:
    assert error_code(person.post(f"{PATH}/quality/recalculate", body)) == (400, "validation_failed")


def test_an_unknown_metric_is_not_found(person: Person) -> None:
    assert error_code(person.get(f"{PATH}/happiness")) == (404, "not_found")
