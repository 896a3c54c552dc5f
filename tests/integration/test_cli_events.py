"""``flask events``: how far delivery has come."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import insert, update

from app import create_app
from app.config import Settings
from app.core.clock import iso, now
from app.core.transaction import transaction
from app.engine.presence import SILENT
from app.events.models import events, processes
from app.events.notifications import NotificationDeleted
from app.extensions import db, socketio
from tests.support.server import free_port
from tests.support.services import Redis


def run(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["events", *options])


def report(app: Flask) -> dict[str, Any]:
    result = run(app, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def publish(app: Flask, count: int) -> None:
    with app.app_context(), transaction() as tx:
        for number in range(count):
            tx.publish(NotificationDeleted(user_id="u", id=str(number), unread_count=0))


def grow_older(app: Flask, seconds: float) -> None:
    """Move what is there into the past."""
    with app.app_context():
        db.session.execute(update(events).values(created_at=now() - timedelta(seconds=seconds)))
        db.session.commit()


@pytest.mark.each_database
def test_where_nothing_was_published_there_is_nothing_to_show(app: Flask) -> None:
    assert report(app) == {
        "waiting": 0,
        "oldestWaitsSeconds": 0,
        "kept": 0,
        "oldest": None,
        "newest": None,
        "processes": [],
        "transport": None,
    }


@pytest.mark.each_database
def test_what_no_relay_has_numbered_waits_and_the_oldest_of_it_says_for_how_long(app: Flask) -> None:
    publish(app, 2)
    grow_older(app, 90)
    publish(app, 1)
    found = report(app)
    assert (found["waiting"], found["kept"]) == (3, 0)
    assert 90 <= found["oldestWaitsSeconds"] < 120


@pytest.mark.each_database
def test_what_the_relay_has_numbered_is_history(app: Flask) -> None:
    publish(app, 3)
    grow_older(app, 90)
    socketio.relay.drain()
    found = report(app)
    assert (found["waiting"], found["kept"]) == (0, 3)
    assert [found[end]["seq"] for end in ("oldest", "newest")] == [1, 3]
    assert found["newest"]["at"] < iso(now() - timedelta(seconds=60))


def test_what_was_trimmed_is_not_counted(app: Flask) -> None:
    publish(app, 3)
    socketio.relay.drain()
    grow_older(app, timedelta(hours=25).total_seconds())
    socketio.history.trim()
    found = report(app)
    assert (found["kept"], found["oldest"]["seq"], found["newest"]["seq"]) == (1, 3, 3)


def test_a_long_backlog_is_counted_no_further_than_says_enough(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("app.engine.progress", "app.cli.events"):
        monkeypatch.setattr(f"{module}.MOST_COUNTED", 2)
    publish(app, 3)
    assert report(app)["waiting"] == 2
    assert "2 or more" in run(app).output


@pytest.mark.each_database
def test_a_process_is_alive_that_said_so_a_moment_ago(app: Flask) -> None:
    seen = {"young": now(), "old": now() - SILENT - timedelta(seconds=1)}
    with app.app_context():
        db.session.execute(insert(processes), [{"id": id, "seen_at": time} for id, time in seen.items()])
        db.session.commit()
    assert [(process["id"], process["alive"]) for process in report(app)["processes"]] == [
        ("young", True),
        ("old", False),
    ]


def test_people_read_it_as_a_table(app: Flask) -> None:
    publish(app, 1)
    socketio.relay.drain()
    publish(app, 2)
    socketio.recovery.upkeep._sessions.tell_alive()
    lines = [line.split("│") for line in run(app).output.splitlines()]
    table = {cells[1].strip(): cells[2].strip() for cells in lines if len(cells) > 2}
    assert (table["committed, not yet numbered"], table["history"]) == ("2", "1")
    assert "1 alive" in run(app).output


def test_a_database_without_tables_is_no_traceback(app: Flask) -> None:
    with app.app_context():
        db.drop_all()
    result = run(app)
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "was it migrated?" in result.output


def test_a_database_that_is_away_is_no_traceback(tmp_path: Path) -> None:
    nowhere = f"postgresql://somebody@127.0.0.1:{free_port()}/nothing"
    result = run(create_app(Settings(instance_path=tmp_path, database_url=nowhere)))
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert result.output.startswith("Error: The database can't be used")


class TestRedis:
    """What it carried of what was numbered."""

    @pytest.fixture
    def database_url(self, shared_database: str) -> str:
        return shared_database

    @pytest.fixture
    def settings(self, settings: Settings, redis_server: Redis) -> Settings:
        return settings.model_copy(update={"redis_url": redis_server.url, "secret_key": str(settings.instance_path)})

    def test_it_is_at_the_newest_number(self, app: Flask) -> None:
        publish(app, 2)
        socketio.relay.drain()
        assert report(app)["transport"] == {"newest": 2, "behind": 0}

    def test_it_is_behind_by_what_it_did_not_take(self, app: Flask, redis_server: Redis) -> None:
        publish(app, 2)
        socketio.relay.drain()
        redis_server.kill9()
        try:
            publish(app, 3)
            socketio.relay.drain()
        finally:
            redis_server.start()
        assert report(app)["transport"] == {"newest": 2, "behind": 3}

    def test_all_else_is_shown_while_it_is_away(self, app: Flask, redis_server: Redis) -> None:
        publish(app, 2)
        redis_server.kill9()
        try:
            found, shown = report(app), run(app)
        finally:
            redis_server.start()
        assert (found["waiting"], found["transport"]) == (2, {"newest": None, "behind": None})
        assert (shown.exit_code, "Redis is away" in shown.output) == (0, True)
