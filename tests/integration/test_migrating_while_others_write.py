"""On PostgreSQL, migrations that build indexes hold up nobody, bear to be interrupted, and run one at a time."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import upgrade
from sqlalchemy import event, inspect

from app import create_app
from app.config import Settings
from app.extensions import db
from tests.support.server import ROOT
from tests.support.services import PostgreSQL

long = partial(pytest.param, marks=pytest.mark.long)

LONG = 60.0  # seconds that anything may take on a busy machine
AT_ONCE = 5  # within which one writes that nobody holds up

FIRST = "0003"  # the last whose indexes were there before anything was written
ROWS = """
    INSERT INTO users (id, email, name, password_hash, role, active, created_at)
        VALUES ('u', 'u@example.com', 'U', '-', 'member', true, now());
    INSERT INTO tasks (id, title, status, progress, priority, creator_id, created_at, updated_at, reopen_count)
        SELECT n, 'T', 'todo', 0, 'low', 'u', now(), now(), 0 FROM generate_series(1, 1000) n;
    INSERT INTO conversations (id, creator_id, created_at) VALUES ('c', 'u', now());
    INSERT INTO messages (id, conversation_id, sender_id, content, created_at)
        SELECT n, 'c', 'u', 'Hello', now() FROM generate_series(1, 1000) n;
    INSERT INTO events (event, payload, rooms, created_at)
        SELECT 'e', '{}', '[]', now() FROM generate_series(1, 1000);
"""
WRITE = {
    "events": "UPDATE events SET payload = '[]' WHERE id = %s",
    "messages": "UPDATE messages SET content = 'Bye' WHERE id = %s::text",
    "tasks": "UPDATE tasks SET title = 'Done' WHERE id = %s::text",
}
BUILD = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'
"""
INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture
def url(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.database() as url:
        yield url


@pytest.fixture
def app(tmp_path: Path, url: str) -> Iterator[Flask]:
    """An application on a database from before all that is tested here, with rows."""
    app = create_app(Settings(instance_path=tmp_path, database_url=url))
    with app.app_context():
        upgrade(revision=FIRST)
        execute(url, ROWS)
        yield app
        db.engine.dispose()


def execute(url: str, statement: str, *values: Any) -> list[Any]:
    """What a statement returns, in a transaction of its own; it is not kept waiting for long."""
    options = f"-c statement_timeout={AT_ONCE}s"
    with closing(psycopg2.connect(url, options=options)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return [row[0] for row in cursor.fetchall()] if cursor.description else []


@contextmanager
def open_transaction(url: str, statement: str, *values: Any) -> Iterator[None]:
    """Have somebody begin a transaction, and not end it meanwhile; it reads what was there when it began."""
    with closing(psycopg2.connect(url)) as connection:
        connection.set_session(isolation_level="REPEATABLE READ")
        connection.cursor().execute(statement, values or None)
        yield


@contextmanager
def migrating(url: str, folder: Path, revision: str = "head") -> Iterator[subprocess.Popen[bytes]]:
    """Run ``make migrate``, to a revision."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade", revision]
    env = {"PATH": "", "INSTANCE_PATH": str(folder), "DATABASE_URL": url}
    with subprocess.Popen(command, cwd=ROOT, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


def until(met: Callable[[], list[Any]], count: int = 1) -> list[Any]:
    """What ``met`` returns, as soon as that is so much."""
    deadline = time.monotonic() + LONG
    while len(found := met()) < count:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def previous(revision: str) -> str:
    return f"{int(revision) - 1:04}"


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("revision", "table"), [long("0004", "events"), ("0005", "messages"), long("0009", "tasks")])
def test_an_index_that_waits_for_a_writer_holds_up_no_other(
    url: str, tmp_path: Path, revision: str, table: str
) -> None:
    upgrade(revision=previous(revision))
    with migrating(url, tmp_path, revision) as process:
        with open_transaction(url, WRITE[table], 1):
            until(lambda: execute(url, BUILD))
            for number in range(2, 20):
                execute(url, WRITE[table], number)
            assert execute(url, BUILD) != []  # all the while
        assert process.wait(LONG) == 0


@pytest.mark.usefixtures("app")
def test_an_index_of_new_columns_that_waits_for_a_reader_holds_up_no_writer(url: str, tmp_path: Path) -> None:
    upgrade(revision="0007")
    with migrating(url, tmp_path, "0008") as process:
        with open_transaction(url, "SELECT"):
            until(lambda: execute(url, BUILD))
            execute(url, WRITE["events"], 1)
            assert execute(url, BUILD) != []
        assert process.wait(LONG) == 0


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("revision", [long("0004"), "0005", "0008", long("0009")])
def test_a_migration_that_was_interrupted_is_run_again(url: str, tmp_path: Path, revision: str) -> None:
    upgrade(revision=previous(revision))
    with migrating(url, tmp_path, revision) as process, open_transaction(url, "SELECT"):
        [pid] = until(lambda: execute(url, BUILD))
        execute(url, "SELECT pg_terminate_backend(%s)", pid)
        assert process.wait(LONG) != 0
    assert len(execute(url, INVALID)) == 1
    upgrade()
    assert execute(url, INVALID) == []
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


@pytest.mark.usefixtures("app")
def test_of_two_that_migrate_at_once_one_finds_all_done(url: str, tmp_path: Path) -> None:
    with migrating(url, tmp_path) as one, migrating(url, tmp_path) as other:
        with open_transaction(url, "SELECT"):
            until(lambda: execute(url, BUILD))
            until(lambda: execute(url, OTHERS), count=3)
        assert [one.wait(LONG), other.wait(LONG)] == [0, 0]
    assert execute(url, INVALID) == []


INDEX = re.compile(r"CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS )?(\w+) ON (\w+)")
UNIQUE = {"ix_conversations_direct_key"}  # in one transaction with the marks that it forbids to give twice


@pytest.mark.usefixtures("app")
def test_no_index_of_a_table_that_was_there_is_built_but_concurrently() -> None:
    for revision in revisions_after(FIRST):
        before = set(inspect(db.engine).get_table_names())
        with indexes_built() as built:
            upgrade(revision=revision)
        locking = {name for concurrently, name, table in built if table in before and not concurrently}
        assert locking <= UNIQUE, revision


def revisions_after(revision: str) -> list[str]:
    scripts = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    return [script.revision for script in scripts.walk_revisions(revision, "head")][-2::-1]


@contextmanager
def indexes_built() -> Iterator[list[tuple[bool, str, str]]]:
    """Of each index that is built meanwhile: whether concurrently, its name and its table."""
    found: list[tuple[bool, str, str]] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.extend((bool(concurrently), name, table) for concurrently, name, table in INDEX.findall(statement))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
