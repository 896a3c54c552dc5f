"""The audit trail: what is in it, what is not, and who may read it."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.audit import queries
from app.audit.models import AuditEntry
from app.config import Settings
from app.core.clock import now
from app.extensions import db
from app.people import service
from app.people.models import Role, User
from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.chat import CONVERSATIONS

pytestmark = pytest.mark.each_database

PASSWORD = "a-long-password"


def trail(admin: Person, **asked: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = admin.get(f"/api/audit?{query}")
    assert answer.status_code == 200, answer.get_json()
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return items


def the_entry(admin: Person, action: str) -> dict[str, Any]:
    (found,) = trail(admin, action=action)
    return found


def register(person: Person) -> dict[str, Any]:
    form = {"email": "new@example.com", "password": PASSWORD, "name": "New"}
    answer = person.http.post("/api/auth/register", json=form)
    assert answer.status_code == 201
    registered: dict[str, Any] = answer.get_json()
    return registered


def log_in(person: Person, password: str) -> int:
    form = {"email": "new@example.com", "password": password}
    return person.http.post("/api/auth/login", json=form).status_code


# --- accounts and logins


def test_a_registration_and_each_login(admin: Person) -> None:
    id = register(admin)["user"]["id"]
    admin.http.post("/api/auth/login", json={"email": "new@example.com", "password": PASSWORD})
    for action in ("registered", "logged_in"):
        entry = the_entry(admin, action)
        assert (entry["actorId"], entry["targetType"], entry["targetId"]) == (id, "user", id)
        assert entry["address"] == "127.0.0.1"


def test_an_address_that_is_none_is_cut_and_stops_nobody(settings: Settings, admin: Person) -> None:
    behind_a_proxy = create_app(settings.model_copy(update={"trusted_proxies": 1}))
    form = {"email": "new@example.com", "password": PASSWORD, "name": "New"}
    headers = {"X-Forwarded-For": "x" * 1000}
    answer = behind_a_proxy.test_client().post("/api/auth/register", json=form, headers=headers)
    assert answer.status_code == 201
    assert the_entry(admin, "registered")["address"] == "x" * 64


def test_a_refused_login_names_the_account_and_nobody_who_did_it(admin: Person) -> None:
    id = register(admin)["user"]["id"]
    admin.http.post("/api/auth/login", json={"email": "new@example.com", "password": "wrong-password"})
    entry = the_entry(admin, "login_refused")
    assert (entry["actorId"], entry["targetId"]) == (None, id)
    assert entry["details"] == {"reason": "wrong_password"}


def test_a_login_to_no_account_is_in_it_too(admin: Person) -> None:
    admin.http.post("/api/auth/login", json={"email": "nobody@example.com", "password": "wrong-password"})
    entry = the_entry(admin, "login_refused")
    assert (entry["targetId"], entry["details"]) == (None, {"reason": "no_account"})


def test_a_login_to_an_account_that_was_deactivated_names_it(admin: Person) -> None:
    id = register(admin)["user"]["id"]
    admin.patch(f"/api/users/{id}", {"active": False})
    assert log_in(admin, PASSWORD) == 401
    entry = the_entry(admin, "login_refused")
    assert (entry["targetId"], entry["details"]) == (id, {"reason": "deactivated"})


def test_that_an_account_is_locked_is_in_it_once_however_many_try_on(app: Flask, admin: Person) -> None:
    id = register(admin)["user"]["id"]
    most = app.extensions["settings"].wrong_passwords
    assert [log_in(admin, "wrong-password") for _ in range(most + 3)] == [401] * most + [429] * 3
    entries = trail(admin, action="login_refused")
    assert [entry["details"]["reason"] for entry in entries] == ["locked"] + ["wrong_password"] * most
    assert {entry["targetId"] for entry in entries} == {id}


def test_a_logout_and_a_new_password(admin: Person) -> None:
    account = register(admin)
    headers = {"Authorization": f"Bearer {account['accessToken']}"}
    form = {"current": PASSWORD, "new": "another-long-password"}
    assert admin.http.post("/api/auth/password", json=form, headers=headers).status_code == 204
    assert admin.http.post("/api/auth/logout", headers=headers).status_code == 204
    changed = the_entry(admin, "password_changed")
    assert (changed["actorId"], changed["details"]) == (account["user"]["id"], {"endedLogins": "0"})
    assert the_entry(admin, "logged_out")["actorId"] == account["user"]["id"]


def test_who_gives_a_wrong_current_password_is_named(admin: Person) -> None:
    account = register(admin)
    headers = {"Authorization": f"Bearer {account['accessToken']}"}
    form = {"current": "wrong-password", "new": "another-long-password"}
    assert admin.http.post("/api/auth/password", json=form, headers=headers).status_code == 401
    assert the_entry(admin, "login_refused")["actorId"] == account["user"]["id"]


def test_what_is_secret_is_not_in_it(admin: Person) -> None:
    register(admin)
    admin.http.post("/api/auth/login", json={"email": "new@example.com", "password": "wrong-password"})
    text = str(trail(admin))
    assert PASSWORD not in text
    assert "wrong-password" not in text
    assert "new@example.com" not in text


# --- rights


def test_a_role_with_what_it_was_and_what_it_is(admin: Person, person: Person) -> None:
    admin.patch(f"/api/users/{person.id}", {"role": "manager"})
    entry = the_entry(admin, "role_changed")
    assert (entry["actorId"], entry["targetId"]) == (admin.id, person.id)
    assert entry["details"] == {"from": "member", "to": "manager"}


def test_a_role_from_the_command_line_has_no_actor(app: Flask, admin: Person, person: Person) -> None:
    with app.app_context():
        service.give_role(db.session.get_one(User, person.id).email, Role.ADMIN)
    entry = the_entry(admin, "role_changed")
    assert (entry["actorId"], entry["address"], entry["targetId"]) == (None, None, person.id)


def test_a_role_that_stays_is_not_in_it(admin: Person, person: Person) -> None:
    admin.patch(f"/api/users/{person.id}", {"role": "member"})
    assert trail(admin) == []


def test_an_account_that_is_deactivated_and_activated(admin: Person, person: Person) -> None:
    for active in (False, True):
        admin.patch(f"/api/users/{person.id}", {"active": active})
    assert the_entry(admin, "deactivated")["targetId"] == person.id
    assert the_entry(admin, "activated")["targetId"] == person.id


@pytest.mark.parametrize("kind", ["team", "department"])
def test_who_is_let_into_a_group_and_taken_out_of_it(admin: Person, person: Person, kind: str) -> None:
    group = admin.post(f"/api/{kind}s", {"name": "G"}).get_json()["id"]
    member = f"/api/{kind}s/{group}/members/{person.id}"
    assert [admin.put(member).status_code, admin.delete(member).status_code] == [204, 204]
    for action in ("member_added", "member_removed"):
        entry = the_entry(admin, action)
        assert (entry["actorId"], entry["targetType"], entry["targetId"]) == (admin.id, kind, group)
        assert entry["details"] == {"userId": person.id}


def test_who_moves_to_another_department_leaves_the_one_before(admin: Person, person: Person) -> None:
    before, after = (admin.post("/api/departments", {"name": "D"}).get_json()["id"] for _ in range(2))
    for department in (before, after):
        assert admin.put(f"/api/departments/{department}/members/{person.id}").status_code == 204
    entry = the_entry(admin, "member_removed")
    assert (entry["targetId"], entry["details"]) == (before, {"userId": person.id})
    assert [entry["targetId"] for entry in trail(admin, action="member_added")] == [after, before]


def test_who_is_removed_from_a_conversation_by_another(admin: Person, new_person: NewPerson) -> None:
    alice, bob, carol = (new_person() for _ in range(3))
    form = {"title": "T", "participantIds": [bob.id, carol.id]}
    conversation = alice.post(CONVERSATIONS, form).get_json()["id"]
    for remover, removed in ((carol, carol), (alice, bob)):
        assert remover.delete(f"{CONVERSATIONS}/{conversation}/participants/{removed.id}").status_code == 204
    entry = the_entry(admin, "participant_removed")
    assert (entry["actorId"], entry["targetId"], entry["details"]) == (alice.id, conversation, {"userId": bob.id})


def test_a_task_that_somebody_else_deletes(admin: Person, person: Person) -> None:
    tasks = [person.post("/api/tasks", {"title": "T"}).get_json()["id"] for _ in range(2)]
    person.delete(f"/api/tasks/{tasks[0]}")
    admin.delete(f"/api/tasks/{tasks[1]}")
    entry = the_entry(admin, "task_deleted")
    assert (entry["actorId"], entry["targetId"]) == (admin.id, tasks[1])


def test_what_was_refused_is_not_in_it(admin: Person, person: Person) -> None:
    assert person.patch(f"/api/users/{person.id}", {"role": "admin"}).status_code == 403
    assert trail(admin) == []


def test_an_entry_names_the_request_that_it_is_part_of(admin: Person, person: Person) -> None:
    answer = admin.patch(f"/api/users/{person.id}", {"role": "manager"})
    assert the_entry(admin, "role_changed")["requestId"] == answer.headers["X-Request-Id"]


# --- reading it


def test_it_is_asked_by_actor_target_action_and_time(admin: Person, new_person: NewPerson) -> None:
    one, other = new_person(), new_person()
    for person in (one, other):
        admin.patch(f"/api/users/{person.id}", {"role": "manager"})
    newest, oldest = trail(admin)
    assert [newest["targetId"], oldest["targetId"]] == [other.id, one.id]
    assert trail(admin, targetId=one.id) == [oldest]
    assert trail(admin, actorId=one.id) == []
    assert trail(admin, action="deactivated") == []
    assert trail(admin, after="2999-01-01T00:00:00Z") == []
    assert trail(admin, before="2999-01-01T00:00:00Z") == [newest, oldest]


def test_it_comes_in_pages(admin: Person, person: Person) -> None:
    for role in ("manager", "member", "manager"):
        admin.patch(f"/api/users/{person.id}", {"role": role})
    first = admin.get("/api/audit?limit=2").get_json()
    rest = admin.get(f"/api/audit?limit=2&cursor={first['nextCursor']}").get_json()
    assert [len(first["items"]), len(rest["items"]), rest["nextCursor"]] == [2, 1, None]


def test_it_is_for_admins_alone(manager: Person) -> None:
    assert error_code(manager.get("/api/audit")) == (403, "forbidden")


@pytest.mark.parametrize("query", ["action=nothing", "after=yesterday", "limit=101", "colour=red"])
def test_what_it_can_not_be_asked_is_refused(admin: Person, query: str) -> None:
    assert error_code(admin.get(f"/api/audit?{query}")) == (400, "validation_failed")


def test_it_is_kept_for_as_long_as_the_settings_say(app: Flask, admin: Person, person: Person) -> None:
    for role in ("manager", "member"):
        admin.patch(f"/api/users/{person.id}", {"role": role})
    with app.app_context():
        oldest = db.session.query(AuditEntry).order_by(AuditEntry.id).first()
        assert oldest is not None
        oldest.at = now() - timedelta(days=app.extensions["settings"].audit_days, seconds=1)
        db.session.commit()
        queries.trim()
        db.session.commit()
    assert [entry["details"]["to"] for entry in trail(admin)] == ["member"]
