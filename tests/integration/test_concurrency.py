"""What holds when two do something at once."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from app.core import database
from app.core.errors import Forbidden, Unavailable
from app.core.transaction import transaction
from app.extensions import db
from app.people.models import Role, Team, User
from app.people.queries import lock_users
from app.people.schemas import ChangeUser
from app.people.service import change_user, get_user
from app.realtime.rights import RightsEpoch
from tests.integration.conftest import NewPerson, Person, error_code

sqlite_alone = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What has one writer, who may hold up all others."""


@pytest.fixture
def other_process(admin: Person, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the same file, in which the admin is known, that holds the lock for writing."""
    assert admin.get("/api/auth/me").status_code == 200
    with closing(sqlite3.connect(tmp_path / "app.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WRITE_WAIT", 0.2)


@pytest.mark.usefixtures("app")
def test_a_right_that_changed_while_it_was_looked_up_is_looked_up_again(app: Flask) -> None:
    epoch, answers = RightsEpoch(), iter(["before", "after"])

    def ask() -> str:
        answer = next(answers)
        if answer == "before":
            epoch.move()
        return answer

    with app.app_context():
        assert epoch.settled(ask) == "after"


def test_what_was_read_before_is_read_anew_for_a_right(app: Flask) -> None:
    with app.app_context():
        db.session.add(Team(id="t", name="old"))
        db.session.commit()
        team = db.session.get_one(Team, "t")
        with db.engine.begin() as elsewhere:
            elsewhere.exec_driver_sql("UPDATE teams SET name = 'new'")
        assert RightsEpoch().settled(lambda: team.name) == "new"


@sqlite_alone
@pytest.mark.usefixtures("impatient", "other_process")
def test_a_database_that_another_process_holds_is_unavailable_and_nothing_is_changed(admin: Person) -> None:
    assert error_code(admin.post("/api/teams", {"name": "T"})) == (503, "unavailable")


@sqlite_alone
@pytest.mark.usefixtures("impatient")
def test_it_heals_when_the_other_process_is_done(admin: Person, other_process: sqlite3.Connection) -> None:
    assert admin.post("/api/teams", {"name": "T"}).status_code == 503
    other_process.execute("COMMIT")
    assert admin.post("/api/teams", {"name": "T"}).status_code == 201


@sqlite_alone
@pytest.mark.usefixtures("other_process")
def test_reading_waits_for_no_writer(admin: Person) -> None:
    assert admin.get("/api/teams").status_code == 200


@sqlite_alone
@pytest.mark.usefixtures("impatient")
def test_writers_of_one_process_wait_for_each_other_and_give_up_in_time(app: Flask) -> None:
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context(), transaction():
            inside.set()
            done.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(5)
    try:
        with app.app_context(), pytest.raises(Unavailable), transaction():
            pass
    finally:
        done.set()
        holder.join()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer, and locks no rows
def test_who_changes_a_role_waits_for_a_change_of_tasks_and_does_not_keep_it_waiting(
    app: Flask, person: Person, admin: Person
) -> None:
    assert person.id < admin.id
    answers: list[TestResponse] = []
    role = threading.Thread(target=lambda: answers.append(admin.patch(f"/api/users/{person.id}", {"role": "manager"})))
    with app.app_context(), transaction():
        lock_users(User.id == person.id)
        role.start()
        wait_for_one_who_waits()
        lock_users(User.id == admin.id)  # as of a task of both
    role.join()
    assert answers[0].status_code == 200, answers[0].get_json()


def wait_for_one_who_waits() -> None:
    """Until somebody waits for a row that another has locked."""
    deadline = time.monotonic() + 20
    while not db.session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)


@pytest.mark.each_database
@pytest.mark.parametrize("loss", [{"role": Role.MEMBER}, {"active": False}], ids=["demoted", "deactivated"])
def test_of_two_admins_who_put_each_other_out_at_once_one_remains(
    app: Flask, new_person: NewPerson, loss: dict[str, Any]
) -> None:
    one, other = new_person(role=Role.ADMIN), new_person(role=Role.ADMIN)
    with app.app_context():
        asker = get_user(other.id)  # whose request was let in before
        assert one.patch(f"/api/users/{other.id}", loss).status_code == 200
        with pytest.raises(Forbidden):
            change_user(asker, one.id, ChangeUser.model_validate(loss))
    assert one.get("/api/auth/me").get_json()["role"] == "admin"


def test_many_writers_at_once_lose_nothing(app: Flask) -> None:
    def write(number: int) -> None:
        with app.app_context(), transaction():
            count = len(db.session.scalars(select(Team)).all())
            db.session.add(Team(id=str(number), name=str(count)))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with app.app_context():
        assert sorted(db.session.scalars(select(Team.name))) == [str(number) for number in range(8)]
