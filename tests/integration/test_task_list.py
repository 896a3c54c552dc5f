"""``GET /api/tasks``: which tasks, in which order, in pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.core.clock import iso, now
from app.core.pagination import PageQuery, page
from app.events.tasks import Priority
from app.extensions import db
from app.people.models import Role, User
from app.tasks.models import Task
from app.tasks.queries import order, tasks_page
from app.tasks.schemas import Sort, TasksQuery
from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.sqlite_plan import plan
from tests.support.tasks import PATH, new_task, ok, path_of

YESTERDAY, TOMORROW = now() - timedelta(days=1), now() + timedelta(days=1)


def titles(viewer: Person, query: str) -> list[str]:
    return [task["title"] for task in ok(viewer.get(f"{PATH}?{query}"))["items"]]


# --- which


@pytest.fixture
def tasks(manager: Person, member: Person, team: str) -> Person:
    """Some tasks, and who sees them all."""
    late = new_task(manager, title="late", dueAt=YESTERDAY.isoformat())
    done = new_task(manager, title="done", dueAt=YESTERDAY.isoformat())
    ok(manager.post(path_of(done, "complete")))
    new_task(manager, title="soon", dueAt=TOMORROW.isoformat(), assigneeId=member.id)
    new_task(manager, title="team's", teamId=team)
    new_task(member, title="member's", assigneeId=member.id)
    ok(manager.patch(path_of(late, "status"), {"status": "blocked"}))
    manager.put(path_of(late, "watchers", manager.id))
    return manager


CONDITIONS = {
    "": ["member's", "team's", "soon", "done", "late"],
    "status=done": ["done"],
    "status=done,blocked": ["done", "late"],
    "assigneeId={member}": ["member's", "soon"],
    "assigneeId=nobody": [],
    "teamId={team}": ["team's"],
    "creatorId={member}": ["member's"],
    "creatorId={manager}&assigneeId={member}": ["soon"],
    "watching=true": ["late"],
    "watching=false&status=done": ["done"],
    "overdue=true": ["late"],
    "undated=true": ["member's", "team's"],
    "dueAfter={yesterday}": ["soon", "done", "late"],
    "dueAfter={tomorrow}": ["soon"],
    "dueBefore={tomorrow}": ["done", "late"],
    "dueAfter={yesterday}&dueBefore={yesterday}": [],
}


@pytest.mark.each_database
def test_conditions_narrow_the_list(tasks: Person, member: Person, team: str) -> None:
    names = {"manager": tasks.id, "member": member.id, "team": team}
    names |= {"yesterday": iso(YESTERDAY), "tomorrow": iso(TOMORROW)}
    assert {query: titles(tasks, query.format_map(names)) for query in CONDITIONS} == CONDITIONS


def test_no_condition_shows_what_one_may_not_see(tasks: Person, new_person: NewPerson) -> None:
    stranger = new_person()
    for query in ("", f"creatorId={tasks.id}", "overdue=true", "undated=true", "sort=due", "sort=-priority"):
        assert titles(stranger, query) == []


BAD = {
    "status=": "status.0",
    "status=todo,": "status.1",
    "status=todo,open": "status.1",
    "status=todo,todo,todo,todo,todo,todo": "status",
    "assigneeId=": "assigneeId",
    f"creatorId={'x' * 65}": "creatorId",
    "watching=1": "watching",
    "overdue=yes": "overdue",
    "undated=": "undated",
    "dueAfter=2026-01-01": "dueAfter",
    "dueBefore=5": "dueBefore",
    "sort=": "sort",
    "sort=title": "sort",
    "sort=--due": "sort",
    "sort=due,created": "sort",
    "order=asc": "order",
}


def test_a_bad_condition_is_named(person: Person) -> None:
    answers = {query: person.get(f"{PATH}?{query}") for query in BAD}
    assert {error_code(answer) for answer in answers.values()} == {(400, "validation_failed")}
    assert {query: "".join(answer.get_json()["error"]["details"]) for query, answer in answers.items()} == BAD


# --- in which order


SORTS = {
    "created": "abcd",
    "-created": "dcba",
    "due": "dbac",
    "-due": "bdca",
    "priority": "cbda",
    "-priority": "adbc",
    "updated": "bcda",
    "-updated": "adcb",
}


def test_a_sort_says_what_comes_first(person: Person) -> None:
    first = new_task(person, title="a", priority="high")
    new_task(person, title="b", dueAt="2026-05-02T00:00:00Z")
    new_task(person, title="c", priority="low")
    new_task(person, title="d", dueAt="2026-05-01T00:00:00Z", priority="medium")
    ok(person.patch(path_of(first), {"priority": "urgent"}))
    assert {sort: "".join(titles(person, f"sort={sort}")) for sort in SORTS} == SORTS


def test_a_cursor_goes_with_its_sort(person: Person) -> None:
    for _ in range(2):
        new_task(person)
    cursor = ok(person.get(f"{PATH}?sort=due&limit=1"))["nextCursor"]
    assert len(ok(person.get(f"{PATH}?sort=due&cursor={cursor}"))["items"]) == 1
    for other in ("sort=created", "sort=-due", "sort=updated", "sort=priority", "limit=5"):
        answer = person.get(f"{PATH}?{other}&cursor={cursor}")
        assert error_code(answer) == (400, "validation_failed")
        assert list(answer.get_json()["error"]["details"]) == ["cursor"]


# --- in pages

DAYS = [datetime(2026, 5, day, tzinfo=UTC) for day in (1, 2, 3)]
rows: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        due_at=st.none() | st.sampled_from(DAYS),
        updated_at=st.sampled_from(DAYS),
        priority=st.sampled_from(Priority),
    ),
    max_size=12,
)


def walk(sort: Sort, limit: int) -> Iterator[list[Task]]:
    """The pages of all tasks, each as it was when it was asked for."""
    query = {"limit": str(limit)}
    while True:
        found = page(select(Task), Task.id, PageQuery.model_validate_strings(query), order(sort))
        yield found["items"]
        if found["next_cursor"] is None:
            return
        query["cursor"] = found["next_cursor"]


def place(task: Task, sort: Sort) -> tuple[Any, ...]:
    """What a sort goes by, in plain Python; ascending."""
    match sort.removeprefix("-"):
        case "due":
            return (task.due_at or DAYS[0], task.id)
        case "priority":
            return (list(Priority).index(task.priority), task.id)
        case "updated":
            return (task.updated_at, task.id)
    return (task.id,)


def in_order(tasks: list[Task], sort: Sort) -> list[Task]:
    down = sort.startswith("-")
    if not sort.endswith("due"):
        return sorted(tasks, key=lambda task: place(task, sort), reverse=down)
    dated, undated = ([task for task in tasks if (task.due_at is None) is none] for none in (False, True))
    return [task for some in (dated, undated) for task in sorted(some, key=lambda t: place(t, sort), reverse=down)]


def add(creator_id: str, fields: list[dict[str, Any]]) -> list[Task]:
    tasks = [Task(title="T", creator_id=creator_id, **one) for one in fields]
    db.session.add_all(tasks)
    db.session.commit()
    return tasks


@pytest.mark.each_database
def test_a_walk_meets_each_task_once_in_order_whatever_is_made_or_deleted_meanwhile(app: Flask, person: Person) -> None:
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(before=rows, meanwhile=rows, gone=st.integers(0, 3), sort=st.sampled_from(Sort), limit=st.integers(1, 4))
    def walks(before: list[Any], meanwhile: list[Any], gone: int, sort: Sort, limit: int) -> None:
        db.session.execute(delete(Task))
        kept = add(person.id, before)
        pages = walk(sort, limit)
        met = list(next(pages))
        lost = [task for task in kept if task not in met][:gone]
        for task in lost:
            db.session.delete(task)
        late = add(person.id, meanwhile)
        for found in pages:
            assert len(found) <= limit
            met += found
        assert len(set(met)) == len(met)
        assert met == in_order(met, sort)
        assert {task for task in kept if task not in lost} <= set(met) <= {*kept, *late} - set(lost)

    with app.app_context():
        walks()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its plan; of PostgreSQL test_many_tasks asks
def test_a_page_is_read_from_an_index_in_its_order(app: Flask, new_person: NewPerson) -> None:
    admin = new_person(Role.ADMIN)
    with app.app_context():
        add(admin.id, [{"due_at": DAYS[0]}, {}])
        viewer = db.session.get_one(User, admin.id)
        for sort in Sort:
            query = {"limit": "1", "sort": sort.value}
            first = TasksQuery.model_validate_strings(query)
            second = TasksQuery.model_validate_strings(query | {"cursor": tasks_page(viewer, first)["next_cursor"]})
            steps = [step for one in (first, second) for step in plan(partial(tasks_page, viewer, one))]
            reads = [step for step in steps if step.startswith(("SCAN", "SEARCH"))]
            assert [step for step in reads if "USING" not in step] == [], sort
            assert [step for step in steps if "TEMP" in step] == [], sort
