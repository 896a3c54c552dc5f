"""``flask users``, ``teams`` and ``tokens``."""

import pytest
from flask import Flask

from tests.integration.conftest import Person, operator
from tests.support.command_line import run, told

pytestmark = pytest.mark.each_database


def email_of(person: Person) -> str:
    return str(person.get("/api/auth/me").get_json()["email"])


# --- users


def test_accounts_are_listed_the_newest_first(app: Flask, person: Person, admin: Person) -> None:
    items = told(app, "users", "list")["items"]
    assert [item["id"] for item in items] == [admin.id, person.id]
    assert set(items[0]) == {"id", "email", "name", "role", "active", "createdAt"}
    assert [item["id"] for item in told(app, "users", "list", "--role", "admin")["items"]] == [admin.id]
    assert told(app, "users", "list", "--inactive")["items"] == []
    assert "Somebody" in run(app, "users", "list").output


def test_a_role_is_given(app: Flask, person: Person) -> None:
    assert told(app, "users", "role", email_of(person), "manager")["role"] == "manager"
    assert person.get("/api/auth/me").get_json()["role"] == "manager"


def test_who_is_deactivated_is_logged_out_and_may_be_activated_again(app: Flask, admin: Person, person: Person) -> None:
    email = email_of(person)
    told(app, "users", "deactivate", email)
    assert person.get("/api/auth/me").status_code == 401
    told(app, "users", "activate", email)
    (account,) = [item for item in told(app, "users", "list")["items"] if item["email"] == email]
    assert account["active"]
    actions = [entry["action"] for entry in admin.get("/api/audit").get_json()["items"]]
    assert actions == ["activated", "deactivated"]


@pytest.mark.parametrize(
    "command", [["users", "role", "x@example.com", "admin"], ["users", "deactivate", "x@example.com"]]
)
def test_an_account_that_is_not_there_is_said_to_be_unknown(app: Flask, command: list[str]) -> None:
    result = run(app, *command)
    assert (result.exit_code, result.output) == (1, "Error: Nobody has registered with x@example.com.\n")


def test_a_name_steers_no_terminal(app: Flask) -> None:
    name = "a\x1b]0;PWN\x07\x1b[2J\r\nroot\u202e"
    form = {"email": "esc@example.com", "password": "correct horse battery", "name": name}
    assert app.test_client().post("/api/auth/register", json=form).status_code == 201
    for command in (["users", "list"], ["users", "role", "esc@example.com", "member"]):
        printed = run(app, *command).stdout
        assert not {"\x1b", "\x07", "\r", "\u202e"} & set(printed)
    assert printed == r"a\x1b]0;PWN\x07\x1b[2J\r\nroot\u202e <esc@example.com> is a member." + "\n"


@pytest.mark.parametrize("command", [["users", "list", "--limit"], ["connections", "--limit"], ["rooms", "--limit"]])
def test_more_than_a_database_can_count_is_refused(app: Flask, command: list[str]) -> None:
    result = run(app, *command, "9" * 20)
    assert (result.exit_code, "is not in the range" in result.output) == (2, True)


def log_in(app: Flask, email: str, password: str) -> int:
    return app.test_client().post("/api/auth/login", json={"email": email, "password": password}).status_code


def test_an_account_is_made_and_its_password_read_from_the_standard_input(app: Flask, admin: Person) -> None:
    made = told(app, "users", "create", "New@Example.com", "New", "--role", "manager", typed="correct horse\n")
    assert (made["email"], made["role"]) == ("new@example.com", "manager")
    assert log_in(app, "new@example.com", "correct horse") == 200
    (entry,) = admin.get("/api/audit?action=registered").get_json()["items"]
    assert (entry["actorId"], entry["targetId"], entry["details"]) == (operator(), made["id"], {"role": "manager"})


@pytest.mark.parametrize(
    ("arguments", "password", "said"),
    [
        (["new@example.com", "New"], "short", "password: "),
        (["new@example.com", " "], "correct horse", "name: "),
        (["nonsense", "New"], "correct horse", "email: "),
        (["person0@example.com", "New"], "correct horse", "has an account already"),
    ],
)
def test_an_account_that_can_not_be_made_is_refused_in_words(
    app: Flask, person: Person, arguments: list[str], password: str, said: str
) -> None:
    result = run(app, "users", "create", *arguments, typed=f"{password}\n")
    assert (result.exit_code, said in result.output, password in result.output) == (1, True, False)
    assert [item["id"] for item in told(app, "users", "list")["items"]] == [person.id]


def test_another_password_ends_all_logins(app: Flask, admin: Person, person: Person) -> None:
    email = email_of(person)
    assert told(app, "users", "password", email, typed="correct horse\n")["ended"] == 1
    assert person.get("/api/auth/me").status_code == 401
    assert log_in(app, email, "correct horse") == 200
    (entry,) = admin.get("/api/audit?action=password_changed").get_json()["items"]
    assert (entry["actorId"], entry["targetId"]) == (operator(), person.id)


def test_a_password_that_is_too_short_changes_nothing(app: Flask, person: Person) -> None:
    assert run(app, "users", "password", email_of(person), typed="short\n").exit_code == 1
    assert person.get("/api/auth/me").status_code == 200


@pytest.mark.parametrize("command", [["users", "list"], ["rooms"], ["connections"]])
def test_no_list_is_shorter_than_one(app: Flask, command: list[str]) -> None:
    assert run(app, *command, "--limit", "0").exit_code == 2


# --- tokens


def test_a_token_that_was_issued_is_good_and_in_the_audit_trail(app: Flask, admin: Person) -> None:
    issued = told(app, "tokens", "issue", email_of(admin))
    headers = {"Authorization": f"Bearer {issued['accessToken']}"}
    assert admin.http.get("/api/auth/me", headers=headers).get_json()["id"] == admin.id
    (entry,) = admin.get("/api/audit?action=logged_in").get_json()["items"]
    assert (entry["actorId"], entry["targetId"]) == (operator(), admin.id)
    assert entry["requestId"]


def test_no_token_is_issued_to_who_was_deactivated(app: Flask, admin: Person, person: Person) -> None:
    email = email_of(person)
    admin.patch(f"/api/users/{person.id}", {"active": False})
    assert run(app, "tokens", "issue", email).exit_code == 1


def test_logins_are_listed_and_one_is_revoked(app: Flask, person: Person) -> None:
    email = email_of(person)
    second = told(app, "tokens", "issue", email)["loginId"]
    assert [item["id"] for item in told(app, "tokens", "list", email)["items"]] == [person.login_id, second]
    assert told(app, "tokens", "revoke", email, "--login", second)["ended"] == [second]
    assert [item["id"] for item in told(app, "tokens", "list", email)["items"]] == [person.login_id]
    assert run(app, "tokens", "revoke", email, "--login", second).exit_code == 1


def test_all_logins_are_revoked(app: Flask, admin: Person, person: Person) -> None:
    told(app, "tokens", "revoke", email_of(person))
    assert person.get("/api/auth/me").status_code == 401
    (entry,) = admin.get("/api/audit?action=logged_out").get_json()["items"]
    assert (entry["targetId"], entry["details"]) == (person.id, {"endedLogins": "1"})


# --- teams and departments

KINDS = pytest.mark.parametrize("kind", ["team", "department"])


@KINDS
def test_a_group_is_made_and_gets_members_in_the_name_of_an_admin(
    app: Flask, admin: Person, person: Person, kind: str
) -> None:
    email, boss, groups = email_of(person), email_of(admin), f"{kind}s"
    group = told(app, groups, "create", "A group")["id"]
    added = told(app, groups, "add", group, email, "--as", boss)
    assert added == {f"{kind}Id": group, "userId": person.id}
    assert told(app, groups, "list")["items"] == [{"id": group, "name": "A group", "members": [email]}]
    told(app, groups, "remove", group, email, "--as", boss)
    assert told(app, groups, "list")["items"][0]["members"] == []
    entries = admin.get("/api/audit?action=member_added").get_json()["items"]
    assert [(entry["actorId"], entry["address"]) for entry in entries] == [(admin.id, operator())]


@KINDS
def test_who_is_no_admin_changes_no_group(app: Flask, person: Person, kind: str) -> None:
    email, groups = email_of(person), f"{kind}s"
    group = told(app, groups, "create", "A group")["id"]
    assert run(app, groups, "add", group, email, "--as", email).exit_code == 1
    assert told(app, groups, "list")["items"][0]["members"] == []


@KINDS
def test_a_group_that_is_not_there_gets_no_members(app: Flask, admin: Person, kind: str) -> None:
    email = email_of(admin)
    result = run(app, f"{kind}s", "add", "none", email, "--as", email)
    assert (result.exit_code, result.output) == (1, f"Error: There is no such {kind}.\n")


def test_a_name_that_shows_nothing_is_refused_in_words(app: Flask) -> None:
    result = run(app, "teams", "create", " ")
    assert result.exit_code == 1
    assert "name:" in result.output
