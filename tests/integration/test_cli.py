"""The commands of ``flask``, and what the start prints of the demo."""

from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from app.cli import demo
from app.config import Settings
from app.extensions import db
from app.people.models import User
from app.push.vapid import vapid_of
from tests.integration.conftest import Person


def promote(app: Flask, email: str) -> Result:
    return app.test_cli_runner().invoke(args=["users", "promote", email])


@pytest.fixture
def email(person: Person) -> str:
    address: str = person.get("/api/auth/me").get_json()["email"]
    return address


def test_a_user_is_promoted_however_the_address_is_written(app: Flask, person: Person, email: str) -> None:
    result = promote(app, email.upper())
    assert (result.exit_code, result.output) == (0, f"Somebody <{email}> is an admin.\n")
    assert person.get("/api/auth/me").get_json()["role"] == "admin"


def test_an_admin_stays_one(app: Flask, email: str) -> None:
    assert [promote(app, email).exit_code for _ in range(2)] == [0, 0]


def test_an_address_that_nobody_has_is_said_to_be_unknown(app: Flask) -> None:
    result = promote(app, "nobody@example.com")
    assert (result.exit_code, result.output) == (1, "Error: Nobody has registered with nobody@example.com.\n")


def test_a_deactivated_user_is_not_promoted(app: Flask, admin: Person, person: Person, email: str) -> None:
    admin.patch(f"/api/users/{person.id}", {"active": False})
    assert promote(app, email).exit_code == 1
    assert admin.get(f"/api/users/{person.id}").get_json()["role"] == "member"


def test_a_database_without_tables_is_no_traceback(app: Flask) -> None:
    with app.app_context():
        db.drop_all()
    result = promote(app, "nobody@example.com")
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "was it migrated?" in result.output


def test_the_demo_is_described_by_what_there_is_of_it(app: Flask) -> None:
    with app.app_context():
        demo.seed()
        described = demo.description()
        assert list(described) == ["Log in as", "Password", "Team", "Department", "Conversation"]
        db.session.query(User).filter_by(email="admin@example.com").delete()
        db.session.commit()
        assert described["Log in as"].removeprefix("admin@example.com, ") == demo.description()["Log in as"]


def test_without_demo_users_there_is_nothing_to_describe(app: Flask) -> None:
    with app.app_context():
        assert demo.description() == {}


def test_keys_for_pushes_are_printed_as_settings_that_work(app: Flask) -> None:
    runs = [app.test_cli_runner().invoke(args=["push", "keys"]) for _ in range(2)]
    first, second = (_settings(run.stdout) for run in runs)
    assert set(first) == {"vapid_private_key", "vapid_contact"}
    assert first["vapid_private_key"] != second["vapid_private_key"]
    vapid = vapid_of(Settings(**first))
    assert vapid is not None
    assert vapid.public_key in runs[0].stderr


def _settings(printed: str) -> dict[str, Any]:
    lines = (line.partition("=") for line in printed.splitlines())
    return {name.lower(): value for name, _, value in lines}
