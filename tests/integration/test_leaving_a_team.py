"""Who leaves a team watches its tasks no longer, and sees those alone that they have another right to."""

from functools import partial

import pytest
from flask import Flask

from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.command_line import told
from tests.support.crowd import at_once
from tests.support.notifications import PATH as NOTIFICATIONS
from tests.support.tasks import PATH, new_task

pytestmark = pytest.mark.each_database


def watch(person: Person, task_id: str) -> None:
    assert person.put(f"{PATH}/{task_id}/watchers/{person.id}").status_code == 204


def leave(admin: Person, team: str, person: Person) -> None:
    assert admin.delete(f"/api/teams/{team}/members/{person.id}").status_code == 204


@pytest.fixture
def watched(manager: Person, member: Person, team: str) -> str:
    """A task of the team that its member watches."""
    id: str = new_task(manager, teamId=team)["id"]
    watch(member, id)
    return id


def test_a_task_that_was_watched_is_as_one_that_does_not_exist(
    admin: Person, member: Person, team: str, watched: str
) -> None:
    leave(admin, team, member)
    path = f"{PATH}/{watched}"
    assert error_code(member.get(path)) == (404, "not_found")
    assert error_code(member.get(f"{path}/notes")) == (404, "not_found")
    assert error_code(member.post(f"{path}/notes", {"content": "Still here"})) == (404, "not_found")
    assert error_code(member.put(f"{path}/watchers/{member.id}")) == (404, "not_found")
    assert member.get(PATH).get_json()["items"] == []
    assert admin.get(f"{path}/watchers").get_json()["items"] == []


def test_nothing_is_told_of_it_any_more(
    admin: Person, manager: Person, member: Person, team: str, watched: str
) -> None:
    leave(admin, team, member)
    assert manager.post(f"{PATH}/{watched}/notes", {"content": "Among us"}).status_code == 201
    assert manager.post(f"{PATH}/{watched}/complete", {}).status_code == 200
    assert member.get(NOTIFICATIONS).get_json()["items"] == []


def test_a_removal_by_command_ends_it_too(app: Flask, admin: Person, member: Person, team: str, watched: str) -> None:
    emails = [admin.get(f"/api/users/{one.id}").get_json()["email"] for one in (member, admin)]
    told(app, "teams", "remove", team, emails[0], "--as", emails[1])
    assert member.get(f"{PATH}/{watched}").status_code == 404


def test_the_creator_and_the_assignee_see_theirs(admin: Person, manager: Person, member: Person, team: str) -> None:
    created = new_task(member, teamId=team)["id"]
    assigned = new_task(manager, teamId=team, assigneeId=member.id)["id"]
    for id in (created, assigned):
        watch(member, id)
    leave(admin, team, member)
    assert [member.get(f"{PATH}/{id}").status_code for id in (created, assigned)] == [200, 200]


def test_others_and_tasks_of_others_are_watched_on(
    admin: Person, member: Person, new_person: NewPerson, team: str, watched: str
) -> None:
    stays, own = new_person(teams=[team]), new_task(member)["id"]
    watch(stays, watched)
    watch(member, own)
    leave(admin, team, member)
    assert [one["id"] for one in admin.get(f"{PATH}/{watched}/watchers").get_json()["items"]] == [stays.id]
    assert [one["id"] for one in member.get(f"{PATH}/{own}/watchers").get_json()["items"]] == [member.id]


def test_who_begins_to_watch_as_they_are_removed_does_not_stay(
    admin: Person, manager: Person, new_person: NewPerson, team: str
) -> None:
    paths = [f"{PATH}/{new_task(manager, teamId=team)['id']}" for _ in range(4)]
    for _ in range(5):
        leaver = new_person(teams=[team])
        remove = partial(admin.delete, f"/api/teams/{team}/members/{leaver.id}")
        at_once(remove, *[partial(leaver.put, f"{path}/watchers/{leaver.id}") for path in paths])
        assert [leaver.get(path).status_code for path in paths] == [404] * 4
