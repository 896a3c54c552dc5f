"""Who may do what with a task: each relation to it against each verb."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.extensions import db
from app.people.models import Role, Team
from app.tasks.models import Task, Watcher
from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.outbox import listen
from tests.support.tasks import PATH, new_task

pytestmark = pytest.mark.each_database


@dataclass(frozen=True)
class Target:
    """A task, rated 3, with a creator, an assignee, a watcher and a team."""

    id: str
    watcher_id: str

    @property
    def path(self) -> str:
        return f"{PATH}/{self.id}"


Call = Callable[[Person, Target], TestResponse]

SEE: dict[str, Call] = {
    "read": lambda who, task: who.get(task.path),
    "read the notes": lambda who, task: who.get(f"{task.path}/notes"),
    "read the watchers": lambda who, task: who.get(f"{task.path}/watchers"),
    "note": lambda who, task: who.post(f"{task.path}/notes", {"content": "Soon"}),
    "watch": lambda who, task: who.put(f"{task.path}/watchers/{who.id}"),
}
CHANGE: dict[str, Call] = {
    "change": lambda who, task: who.patch(task.path, {"title": "Another"}),
    "set the status": lambda who, task: who.patch(f"{task.path}/status", {"status": "blocked"}),
    "set the progress": lambda who, task: who.patch(f"{task.path}/progress", {"progress": 10}),
    "complete": lambda who, task: who.post(f"{task.path}/complete", {}),
    "stop another's watching": lambda who, task: who.delete(f"{task.path}/watchers/{task.watcher_id}"),
    "delete": lambda who, task: who.delete(task.path),
}
ASSIGN: dict[str, Call] = {
    "take": lambda who, task: who.put(f"{task.path}/assignee", {"userId": who.id}),
    "take from its assignee": lambda who, task: who.put(f"{task.path}/assignee", {"userId": None}),
}
RATE: dict[str, Call] = {"rate": lambda who, task: who.put(f"{task.path}/rating", {"rating": 5})}
VERBS = SEE | CHANGE | ASSIGN | RATE

RIGHTS = {
    "creator": VERBS,
    "assignee": SEE | CHANGE,
    "watcher": SEE | {"stop another's watching": CHANGE["stop another's watching"]},  # the other is oneself
    "member of the team": SEE,
    "manager of the team": VERBS,
    "manager of a team of the assignee": VERBS,
    "admin": VERBS,
}
STRANGERS = ("stranger", "manager of another team", "teammate of the assignee", "teammate of the creator")


@dataclass
class World:
    """Everybody who could stand in some relation to a task, and tasks for them."""

    app: Flask
    people: dict[str, Person]
    team_id: str

    def new_task(self) -> Target:
        with self.app.app_context():
            task = Task(
                title="T",
                creator_id=self.people["creator"].id,
                assignee_id=self.people["assignee"].id,
                team_id=self.team_id,
                rating=3,
            )
            db.session.add(task)
            db.session.flush()
            db.session.add(Watcher(task_id=task.id, user_id=self.people["watcher"].id))
            db.session.commit()
            return Target(task.id, self.people["watcher"].id)


@pytest.fixture
def world(app: Flask, team: str, new_person: NewPerson) -> World:
    with app.app_context():
        teams = [Team(name=name) for name in ("of the assignee", "of the creator", "another")]
        db.session.add_all(teams)
        db.session.commit()
        of_assignee, of_creator, another = (team.id for team in teams)
    people = {
        "creator": new_person(teams=[of_creator]),
        "assignee": new_person(teams=[of_assignee]),
        "watcher": new_person(),
        "member of the team": new_person(teams=[team]),
        "manager of the team": new_person(Role.MANAGER, [team]),
        "manager of a team of the assignee": new_person(Role.MANAGER, [of_assignee]),
        "admin": new_person(Role.ADMIN),
        "stranger": new_person(),
        "manager of another team": new_person(Role.MANAGER, [another]),
        "teammate of the assignee": new_person(teams=[of_assignee]),
        "teammate of the creator": new_person(Role.MANAGER, [of_creator]),
    }
    return World(app, people, team)


@pytest.mark.parametrize("relation", RIGHTS)
def test_who_sees_a_task_does_what_they_may_and_no_more(world: World, relation: str) -> None:
    who = world.people[relation]
    statuses = {verb: call(who, world.new_task()).status_code for verb, call in VERBS.items()}
    may = {verb for verb, status in statuses.items() if status in (200, 201, 204)}
    may_not = {verb for verb, status in statuses.items() if status == 403}
    assert (may, may_not) == (set(RIGHTS[relation]), VERBS.keys() - RIGHTS[relation].keys())


@pytest.mark.parametrize("relation", STRANGERS)
def test_for_others_a_task_is_as_one_that_does_not_exist(world: World, relation: str) -> None:
    who, task, unknown = world.people[relation], world.new_task(), Target("unknown", "nobody")
    for verb, call in VERBS.items():
        assert error_code(call(who, task)) == (404, "not_found"), verb
        assert call(who, task).get_json() == call(who, unknown).get_json(), verb


@pytest.mark.parametrize("relation", ["watcher", "member of the team", "stranger"])
def test_what_is_refused_is_not_told(world: World, relation: str) -> None:
    who, task = world.people[relation], world.new_task()
    news = listen(world.app)
    for verb in (CHANGE | ASSIGN | RATE).keys() - RIGHTS.get(relation, {}).keys():
        assert VERBS[verb](who, task).status_code in (403, 404)
    assert news() == []


@pytest.mark.parametrize("relation", RIGHTS)
def test_a_task_is_listed_for_all_who_see_it(world: World, relation: str) -> None:
    task = world.new_task()
    items = world.people[relation].get(PATH).get_json()["items"]
    assert [item["id"] for item in items] == [task.id]


@pytest.mark.parametrize("relation", STRANGERS)
def test_a_task_is_not_listed_for_others(world: World, relation: str) -> None:
    world.new_task()
    assert world.people[relation].get(PATH).get_json()["items"] == []


@pytest.mark.parametrize("relation", RIGHTS)
def test_the_rating_is_for_who_may_change_the_task(world: World, relation: str) -> None:
    who, task = world.people[relation], world.new_task()
    sees = CHANGE.keys() <= RIGHTS[relation].keys()
    [listed] = who.get(PATH).get_json()["items"]
    assert listed == who.get(task.path).get_json()
    assert listed.get("rating", "hidden") == (3 if sees else "hidden")


def test_nobody_rates_what_they_made_for_themselves(person: Person) -> None:
    task = new_task(person, assigneeId=person.id)
    assert error_code(person.put(f"{PATH}/{task['id']}/rating", {"rating": 5})) == (403, "forbidden")


def test_not_even_an_admin_rates_what_is_assigned_to_them(admin: Person) -> None:
    task = new_task(admin, assigneeId=admin.id)
    assert error_code(admin.put(f"{PATH}/{task['id']}/rating", {"rating": 5})) == (403, "forbidden")


def test_the_creator_makes_a_teammate_watch(new_person: NewPerson, team: str) -> None:
    creator, teammate = new_person(teams=[team]), new_person(teams=[team])
    task = new_task(creator)
    assert creator.put(f"{PATH}/{task['id']}/watchers/{teammate.id}").status_code == 204


def test_who_may_not_change_a_task_makes_nobody_else_watch(new_person: NewPerson, team: str) -> None:
    creator, one, other = (new_person(teams=[team]) for _ in range(3))
    task = new_task(creator, teamId=team)
    assert error_code(one.put(f"{PATH}/{task['id']}/watchers/{other.id}")) == (403, "forbidden")
