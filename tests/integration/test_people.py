"""``/api/users``, ``/api/teams``, ``/api/departments``."""

from functools import partial
from typing import Any

import pytest

from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.crowd import at_once

pytestmark = pytest.mark.each_database


def actions(admin: Person) -> list[str]:
    """What the audit trail holds, the newest first."""
    return [entry["action"] for entry in admin.get("/api/audit").get_json()["items"]]


def test_an_admin_makes_a_team(admin: Person) -> None:
    answer = admin.post("/api/teams", {"name": " Core "})
    assert answer.status_code == 201
    assert answer.get_json()["name"] == "Core"


def test_a_member_may_not_make_a_team(person: Person) -> None:
    assert error_code(person.post("/api/teams", {"name": "Core"})) == (403, "forbidden")


def test_a_repeat_with_the_same_key_makes_no_second_team(admin: Person) -> None:
    first = admin.post("/api/teams", {"name": "Core"}, headers={"Idempotency-Key": "k1"})
    again = admin.post("/api/teams", {"name": "Core"}, headers={"Idempotency-Key": "k1"})
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert len(admin.get("/api/teams").get_json()["items"]) == 1


def test_a_repeat_with_another_body_is_a_conflict(admin: Person) -> None:
    admin.post("/api/teams", {"name": "Core"}, headers={"Idempotency-Key": "k1"})
    again = admin.post("/api/teams", {"name": "Other"}, headers={"Idempotency-Key": "k1"})
    assert error_code(again) == (409, "conflict")


def test_others_are_seen_by_id_and_name_alone(new_person: NewPerson) -> None:
    one, other = new_person(), new_person(name="Other")
    assert one.get(f"/api/users/{other.id}").get_json() == {"id": other.id, "name": "Other"}
    assert "email" in one.get(f"/api/users/{one.id}").get_json()


def test_an_admin_changes_what_is_given_and_leaves_the_rest(admin: Person, person: Person) -> None:
    changed = admin.patch(f"/api/users/{person.id}", {"role": "manager"}).get_json()
    assert (changed["role"], changed["active"]) == ("manager", True)


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "body"), ({"role": None}, "role"), ({"role": "manager", "active": None}, "active"), ({"role": "x"}, "role")],
)
def test_a_change_of_nothing_or_to_nothing_is_refused(
    admin: Person, person: Person, body: dict[str, Any], field: str
) -> None:
    answer = admin.patch(f"/api/users/{person.id}", body)
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == [field]
    assert admin.get(f"/api/users/{person.id}").get_json()["role"] == "member"


# --- at the same moment


def test_added_to_a_team_many_times_at_once_somebody_is_added_once(admin: Person, person: Person, team: str) -> None:
    path = f"/api/teams/{team}/members/{person.id}"
    answers = at_once(*[partial(admin.put, path)] * 8)
    assert [answer.status_code for answer in answers] == [204] * 8
    assert actions(admin) == ["member_added"]


def test_removed_from_a_team_many_times_at_once_somebody_is_removed_once(
    admin: Person, member: Person, team: str
) -> None:
    path = f"/api/teams/{team}/members/{member.id}"
    answers = at_once(*[partial(admin.delete, path)] * 8)
    assert sorted(answer.status_code for answer in answers) == [204] + [404] * 7
    assert actions(admin) == ["member_removed"]


def test_who_is_added_and_removed_at_once_ends_as_the_trail_says(admin: Person, person: Person, team: str) -> None:
    path = f"/api/teams/{team}/members/{person.id}"
    for _ in range(5):
        answers = at_once(*[partial(admin.put, path), partial(admin.delete, path)] * 4)
        assert {answer.status_code for answer in answers} <= {204, 404}
    belongs = person.get("/api/teams").get_json()["items"] != []
    assert (actions(admin)[0] == "member_added") is belongs
