"""The migrations make the tables that the models say, and take them away again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import OperationalError

from app import create_app
from app.config import Settings
from app.core.clock import now
from app.extensions import db
from tests.support.services import PostgreSQL
from tests.support.sqlite_work import work_for

pytestmark = pytest.mark.each_database


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the test's own: the shared one has its tables."""
    if request.param == "sqlite":
        yield ""
    else:
        postgresql: PostgreSQL = request.getfixturevalue("postgresql")
        with postgresql.database() as url:
            yield url


@pytest.fixture
def empty(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    with app.app_context():
        yield app
        db.engine.dispose()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version", "sqlite_sequence"}


@pytest.mark.usefixtures("empty")
def test_going_up_makes_what_the_models_say() -> None:
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


@pytest.mark.usefixtures("empty")
def test_of_the_conversations_of_the_same_two_the_oldest_becomes_their_direct_one() -> None:
    upgrade(revision="0004")
    conversations = {
        "1 three": ("a", "b", "c"),
        "2 titled": ("a", "b"),
        "3 alone": ("a",),
        "4 oldest": ("b", "a"),
        "5 younger": ("a", "b"),
        "6 others": ("c", "a"),
    }
    with db.engine.begin() as connection:
        tables = with_users(connection)
        for id, participants in conversations.items():
            begin(connection, tables, id, participants, joined_at=now())
    upgrade()
    with db.engine.connect() as connection:
        keys = connection.execute(text("SELECT id, direct_key FROM conversations WHERE direct_key IS NOT NULL"))
        assert dict(keys.all()) == {"4 oldest": "a:b", "6 others": "a:c"}
    downgrade(revision="0004")
    upgrade()


@pytest.mark.usefixtures("empty")
def test_who_takes_part_already_came_in_behind_the_last_message_from_before() -> None:
    upgrade(revision="0012")
    minutes = [now() + timedelta(minutes=minute) for minute in range(4)]
    with db.engine.begin() as connection:
        tables = with_users(connection)
        for id, joined_at in {"early": minutes[0], "late": minutes[2]}.items():
            begin(connection, tables, id, ("a",), joined_at)
            message = {"conversation_id": id, "sender_id": "b", "content": "-"}
            messages = [message | {"id": f"{id} {n}", "created_at": minute} for n, minute in enumerate(minutes)]
            connection.execute(tables.tables["messages"].insert(), messages)
        begin(connection, tables, "empty", ("a",), joined_at=now())
    upgrade()
    with db.engine.connect() as connection:
        behind = connection.execute(text("SELECT conversation_id, joined_behind FROM participants"))
        assert dict(behind.all()) == {"early": "", "late": "late 1", "empty": ""}
    downgrade(revision="0012")
    upgrade()


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # which counts what it does
def test_where_who_was_there_from_the_beginning_came_in_takes_no_longer_after_many_messages() -> None:
    upgrade(revision="0012")
    with db.engine.begin() as connection:
        tables = with_users(connection)
        begin(connection, tables, "c", ("a", "b", "c"), joined_at=now())
    work = []
    for count in (10, 1000):
        message = {"conversation_id": "c", "sender_id": "b", "content": "-", "created_at": now()}
        with db.engine.begin() as connection:
            messages = [message | {"id": str(count + number)} for number in range(count)]
            connection.execute(tables.tables["messages"].insert(), messages)
        work.append(work_for(partial(upgrade, revision="0013")))
        downgrade(revision="0012")
    assert work[1] < 2 * work[0]


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL alters tables in place
def test_after_a_migration_that_failed_references_are_kept_to() -> None:
    upgrade(revision="0005")
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE presences (id INTEGER)"))  # as the next one does
    with pytest.raises(OperationalError):
        upgrade()
    with db.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite takes it back as a whole
def test_a_migration_of_participants_that_was_interrupted_can_be_run_again() -> None:
    upgrade(revision="0012")
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE participants ADD joined_behind VARCHAR(36) DEFAULT '' NOT NULL"))
    upgrade()
    assert "joined_behind" in {column["name"] for column in inspect(db.engine).get_columns("participants")}


def with_users(connection: Connection) -> MetaData:
    """The tables as they are, with the users a, b and c."""
    tables = MetaData()
    tables.reflect(connection)
    user = {"name": "-", "password_hash": "-", "role": "member", "active": True, "created_at": now()}
    connection.execute(tables.tables["users"].insert(), [user | {"id": id, "email": id} for id in "abc"])
    return tables


def begin(
    connection: Connection, tables: MetaData, id: str, participants: tuple[str, ...], joined_at: datetime
) -> None:
    """A conversation; one whose id says so has a title."""
    conversation = {"id": id, "title": "Lunch" if "titled" in id else None, "creator_id": "a", "created_at": now()}
    connection.execute(tables.tables["conversations"].insert(), conversation)
    rows = [{"conversation_id": id, "user_id": user_id, "joined_at": joined_at} for user_id in participants]
    connection.execute(tables.tables["participants"].insert(), rows)


@pytest.mark.usefixtures("empty")
def test_going_down_leaves_nothing_and_up_again_makes_all() -> None:
    upgrade()
    made = tables()
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert tables() == made == set(db.metadata.tables)
