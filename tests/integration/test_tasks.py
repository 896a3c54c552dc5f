"""``/api/tasks``: making, reading, changing, deleting and assigning tasks, and the events that tell of it."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.extensions import db
from app.people.models import User
from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.outbox import Published
from tests.support.tasks import PATH, listen_to_tasks, new_task, ok, path_of

FIELDS = {
    "description": "All of it",
    "priority": "high",
    "dueAt": "2026-05-01T10:00:00.000Z",
    "estimateHours": 2.5,
}
NOTHING: Published = []


def tasks_room(person: Person) -> str:
    return f"tasks-{person.id}"


# --- creating


def test_a_new_task_is_the_callers_and_waits_to_be_done(person: Person) -> None:
    task = new_task(person, title=" Write ")
    assert task == {
        "id": task["id"],
        "title": "Write",
        "description": None,
        "status": "todo",
        "progress": 0,
        "priority": "medium",
        "creatorId": person.id,
        "assigneeId": None,
        "teamId": None,
        "dueAt": None,
        "estimateHours": None,
        "actualHours": None,
        "createdAt": task["createdAt"],
        "updatedAt": task["createdAt"],
        "completedAt": None,
    }


def test_a_new_task_has_every_field_that_was_given(manager: Person, member: Person, team: str) -> None:
    given = FIELDS | {"assigneeId": member.id, "teamId": team}
    assert given.items() <= new_task(manager, **given).items()


def test_a_time_is_answered_in_utc(person: Person) -> None:
    assert new_task(person, dueAt="2026-05-01T10:00:00+02:00")["dueAt"] == "2026-05-01T08:00:00.000Z"


def test_a_new_task_with_an_assignee_is_told_as_assigned(
    manager: Person, member: Person, team: str, app: Flask
) -> None:
    told = listen_to_tasks(app)
    task = new_task(manager, assigneeId=member.id, teamId=team)
    assert told() == [("task-assigned", task, [tasks_room(member), tasks_room(manager), f"team-{team}"])]


def test_a_new_task_without_assignee_is_told_as_updated(person: Person, app: Flask) -> None:
    told = listen_to_tasks(app)
    task = new_task(person)
    assert told() == [("task-updated", task, [tasks_room(person)])]


def test_one_may_assign_a_new_task_to_oneself(person: Person) -> None:
    assert new_task(person, assigneeId=person.id)["assigneeId"] == person.id


def test_an_admin_assigns_to_anyone(admin: Person, person: Person) -> None:
    assert new_task(admin, assigneeId=person.id)["assigneeId"] == person.id


def test_an_admin_makes_tasks_of_any_team(admin: Person, team: str) -> None:
    assert new_task(admin, teamId=team)["teamId"] == team


def test_a_repeat_with_the_same_key_makes_no_second_task(person: Person, app: Flask) -> None:
    told = listen_to_tasks(app)
    first, again = (person.post(PATH, {"title": "T"}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert len(told()) == 1
    assert len(person.get(PATH).get_json()["items"]) == 1


def test_a_repeat_with_another_body_is_a_conflict(person: Person) -> None:
    person.post(PATH, {"title": "T"}, headers={"Idempotency-Key": "k"})
    again = person.post(PATH, {"title": "U"}, headers={"Idempotency-Key": "k"})
    assert error_code(again) == (409, "conflict")


# --- reading


def test_a_task_reads_as_it_was_answered(person: Person) -> None:
    task = new_task(person, **FIELDS)
    assert ok(person.get(path_of(task))) == task | {"rating": None}


def test_the_list_has_the_newest_first_in_pages(person: Person) -> None:
    ids = [new_task(person)["id"] for _ in range(3)]
    first = ok(person.get(f"{PATH}?limit=2"))
    second = ok(person.get(f"{PATH}?limit=2&cursor={first['nextCursor']}"))
    assert [task["id"] for task in first["items"] + second["items"]] == ids[::-1]
    assert second["nextCursor"] is None


@pytest.mark.parametrize(
    ("condition", "found"), [("status=done", "done"), ("assigneeId={member}", "theirs"), ("teamId={team}", "team's")]
)
def test_the_list_can_be_narrowed(manager: Person, member: Person, team: str, condition: str, found: str) -> None:
    done = new_task(manager, title="done")
    ok(manager.post(path_of(done, "complete")))
    new_task(manager, title="theirs", assigneeId=member.id)
    new_task(manager, title="team's", teamId=team)
    items = ok(manager.get(f"{PATH}?{condition.format(member=member.id, team=team)}"))["items"]
    assert [task["title"] for task in items] == [found]


@pytest.mark.parametrize(
    "bad", ["limit=0", "limit=101", "status=open", "cursor=%25", "sort=id", "status=todo&status=done"]
)
def test_a_bad_condition_is_refused(person: Person, bad: str) -> None:
    assert error_code(person.get(f"{PATH}?{bad}")) == (400, "validation_failed")


# --- changing


@pytest.mark.parametrize(("field", "value"), [*FIELDS.items(), ("title", "Another")])
def test_a_change_sets_what_is_given_and_keeps_the_rest(person: Person, app: Flask, field: str, value: object) -> None:
    task = new_task(person)
    told = listen_to_tasks(app)
    changed = ok(person.patch(path_of(task), {field: value}))
    assert changed == task | {field: value, "updatedAt": changed["updatedAt"]}
    assert told() == [("task-updated", changed, [tasks_room(person)])]


@pytest.mark.parametrize("field", ["description", "dueAt", "estimateHours", "teamId"])
def test_null_clears_what_a_task_may_lack(manager: Person, team: str, field: str) -> None:
    task = new_task(manager, **FIELDS, teamId=team)
    assert ok(manager.patch(path_of(task), {field: None}))[field] is None


def test_a_change_moves_the_time_of_change(person: Person) -> None:
    task = new_task(person)
    assert ok(person.patch(path_of(task), {"title": "Another"}))["updatedAt"] > task["updatedAt"]


def test_what_changes_nothing_is_no_change(person: Person, app: Flask) -> None:
    task = new_task(person, **FIELDS)
    told = listen_to_tasks(app)
    assert ok(person.patch(path_of(task), {"title": task["title"], **FIELDS})) == task
    assert told() == NOTHING


def test_an_assignee_outside_the_team_may_repeat_its_team(admin: Person, person: Person, team: str) -> None:
    task = new_task(admin, assigneeId=person.id, teamId=team)
    assert ok(person.patch(path_of(task), {"teamId": team, "title": "Another"}))["title"] == "Another"


def test_a_task_moves_to_a_team_of_the_callers(manager: Person, team: str) -> None:
    task = new_task(manager)
    assert ok(manager.patch(path_of(task), {"teamId": team}))["teamId"] == team


def test_a_task_that_moves_to_another_team_is_told_to_that_one_and_not_to_the_old_one(
    admin: Person, team: str, app: Flask
) -> None:
    task, other = new_task(admin, teamId=team), admin.post("/api/teams", {"name": "Another"}).get_json()["id"]
    told = listen_to_tasks(app)
    moved = ok(admin.patch(path_of(task), {"teamId": other}))
    assert told() == [("task-updated", moved, [tasks_room(admin), f"team-{other}"])]


# --- deleting


def test_a_deleted_task_is_gone_with_its_notes(person: Person, app: Flask) -> None:
    task = new_task(person)
    person.post(path_of(task, "notes"), {"content": "Soon"})
    told = listen_to_tasks(app)
    assert person.delete(path_of(task)).status_code == 204
    [(name, payload, rooms)] = told()
    assert (name, rooms) == ("task-deleted", [tasks_room(person)])
    assert payload == {"id": task["id"], "deletedAt": payload["deletedAt"]}
    assert error_code(person.get(path_of(task, "notes"))) == (404, "not_found")


# --- assigning


def test_an_assignment_reaches_both_assignees(
    manager: Person, member: Person, new_person: NewPerson, team: str, app: Flask
) -> None:
    task, other = new_task(manager, assigneeId=member.id), new_person(teams=[team])
    told = listen_to_tasks(app)
    assigned = ok(manager.put(path_of(task, "assignee"), {"userId": other.id}))
    assert assigned == task | {"assigneeId": other.id, "updatedAt": assigned["updatedAt"]}
    assert told() == [("task-assigned", assigned, [tasks_room(other), tasks_room(member), tasks_room(manager)])]


def test_a_task_can_be_taken_from_its_assignee(manager: Person, member: Person, app: Flask) -> None:
    task = new_task(manager, assigneeId=member.id)
    told = listen_to_tasks(app)
    assert ok(manager.put(path_of(task, "assignee"), {"userId": None}))["assigneeId"] is None
    [(name, _, rooms)] = told()
    assert (name, rooms) == ("task-assigned", [tasks_room(member), tasks_room(manager)])


def test_the_same_assignee_again_is_no_change(manager: Person, member: Person, app: Flask) -> None:
    task = new_task(manager, assigneeId=member.id)
    told = listen_to_tasks(app)
    assert ok(manager.put(path_of(task, "assignee"), {"userId": member.id})) == task
    assert told() == NOTHING


# --- whom a task may be given to


def deactivate(app: Flask, person: Person) -> None:
    with app.app_context():
        user = db.session.get(User, person.id)
        assert user is not None
        user.active = False
        db.session.commit()


@pytest.mark.parametrize("verb", ["create", "assign", "watch"])
def test_an_inactive_user_is_not_involved(app: Flask, manager: Person, member: Person, verb: str) -> None:
    deactivate(app, member)
    assert error_code(involve(manager, member.id, verb)) == (403, "forbidden")


@pytest.mark.parametrize("verb", ["create", "assign", "watch"])
def test_who_shares_no_team_is_not_involved(manager: Person, person: Person, verb: str) -> None:
    assert error_code(involve(manager, person.id, verb)) == (403, "forbidden")


@pytest.mark.parametrize("verb", ["create", "assign", "watch"])
def test_an_unknown_user_is_not_found(admin: Person, verb: str) -> None:
    assert error_code(involve(admin, "nobody", verb)) == (404, "not_found")


def involve(actor: Person, user_id: str, verb: str) -> TestResponse:
    if verb == "create":
        return actor.post(PATH, {"title": "T", "assigneeId": user_id})
    task = new_task(actor)
    if verb == "assign":
        return actor.put(path_of(task, "assignee"), {"userId": user_id})
    return actor.put(path_of(task, "watchers", user_id))


@pytest.mark.parametrize("verb", ["create", "change"])
def test_a_team_of_others_is_as_unknown(person: Person, team: str, verb: str) -> None:
    task = new_task(person)

    def give(team_id: str) -> TestResponse:
        if verb == "create":
            return person.post(PATH, {"title": "T", "teamId": team_id})
        return person.patch(path_of(task), {"teamId": team_id})

    assert error_code(give(team)) == (404, "not_found")
    assert give(team).get_json() == give("nothing").get_json()
