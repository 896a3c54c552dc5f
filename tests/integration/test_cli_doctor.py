"""``flask doctor`` on set-ups that are broken in one way each."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.cli.checks import State, machine
from app.config import Settings
from app.extensions import db
from tests.support.server import ROOT, free_port
from tests.support.services import PostgreSQL, Redis

SECRET = "a-secret-that-is-long-enough-for-production-0123456789"
PRODUCTION: dict[str, Any] = {
    "app_env": "production",
    "secret_key": SECRET,
    "jwt_secret_key": SECRET[::-1],
    "client_url": ["https://app.example.com"],
    "trusted_proxies": 1,
}


def examined(app: Flask) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code, and the checks by name."""
    result = app.test_cli_runner().invoke(args=["doctor", "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, {check["name"]: check for check in json.loads(result.stdout)["items"]}


def made(settings: Settings, **changes: Any) -> Flask:
    """An application on a database that is up to date."""
    app = create_app(settings.model_copy(update=changes))
    with app.app_context():
        upgrade()
    return app


def is_off(app: Flask, name: str, state: State, advice: str) -> bool:
    code, checks = examined(app)
    check = checks[name]
    assert (check["state"], code) == (state, int(state is State.FAILED)), checks
    return advice in check["advice"]


def test_on_a_laptop_all_is_well(settings: Settings) -> None:
    code, checks = examined(made(settings))
    assert code == 0
    assert "failed" not in {check["state"] for check in checks.values()}
    assert checks["migrations"]["state"] == checks["database"]["state"] == checks["journal"]["state"] == "ok"


def test_for_people_it_is_a_table(settings: Settings) -> None:
    result = made(settings).test_cli_runner().invoke(args=["doctor"])
    assert "migrations" in result.output
    assert "ok" in result.output


def test_a_database_that_is_away(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"database_url": f"postgresql://nobody@127.0.0.1:{free_port()}/x"}))
    assert is_off(app, "database", State.FAILED, "DATABASE_URL")


def test_a_database_that_was_not_migrated(settings: Settings) -> None:
    assert is_off(create_app(settings), "migrations", State.FAILED, "make migrate")


def test_an_event_that_nobody_numbers(settings: Settings) -> None:
    app = made(settings)
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO events (event, payload, rooms, created_at) VALUES ('x', '1', '[]', '2020-01-01 00:00:00')"
        )
    assert is_off(app, "delivery", State.FAILED, "start one")


def test_a_redis_that_is_away(settings: Settings, postgresql: PostgreSQL) -> None:
    with postgresql.database() as url:
        app = made(settings, database_url=url, redis_url=f"redis://127.0.0.1:{free_port()}")
        assert is_off(app, "Redis", State.FAILED, "REDIS_URL")
        with app.app_context():
            db.engine.dispose()


def test_a_redis_that_evicts_what_it_was_given(settings: Settings, postgresql: PostgreSQL) -> None:
    with postgresql.database() as url, Redis("--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru") as server:
        app = made(settings, database_url=url, redis_url=server.url)
        assert is_off(app, "Redis's memory", State.WARNING, "noeviction")
        with redis.Redis.from_url(server.url) as client:
            client.config_set("maxmemory-policy", "noeviction")
        _, checks = examined(app)
        assert checks["Redis's memory"]["state"] == checks["database's clock"]["state"] == "ok"
        with app.app_context():
            db.engine.dispose()


@pytest.mark.parametrize(
    ("changes", "name", "advice"),
    [
        ({"client_url": ["http://localhost:3000"]}, "CLIENT_URL", "front ends"),
        ({"client_url": ["http://app.example.com"]}, "CLIENT_URL", "https"),
        ({"trusted_proxies": 0}, "TRUSTED_PROXIES", "nginx"),
        ({}, "VAPID_PRIVATE_KEY", "push keys"),
        ({}, "processes", "PostgreSQL"),
    ],
)
def test_production_that_would_not_do_what_one_expects(
    settings: Settings, changes: dict[str, Any], name: str, advice: str
) -> None:
    assert is_off(made(settings, **PRODUCTION | changes), name, State.WARNING, advice)


def test_development_that_others_can_reach(settings: Settings) -> None:
    assert is_off(made(settings, host="0.0.0.0"), "APP_ENV", State.WARNING, "production")  # noqa: S104


def test_too_few_files_and_too_short_a_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.checks.machine.resource.getrlimit", lambda _: (1024, 4096))
    files = machine._files()
    assert files.state is State.WARNING
    assert "3,896 connections" in files.advice
    assert machine._backlog(128).state is State.WARNING
    assert machine._backlog(4096).state is State.OK


class TestConfiguration:
    """One that can't be used: the application can't be made, and only a new process shows what becomes of that."""

    def flask(self, tmp_path: Path, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        command = [str(Path(sys.executable).with_name("flask")), "--app", "wsgi", *arguments]
        settings = {"PATH": os.environ["PATH"], "INSTANCE_PATH": str(tmp_path)} | env
        return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60, check=False)

    def test_each_wrong_setting_is_a_row(self, tmp_path: Path) -> None:
        done = self.flask(tmp_path, "doctor", "--json", APP_ENV="production", JWT_SECRET_KEY="short", CLIENT_URL="*")
        assert (done.returncode, done.stderr) == (1, "")
        checks = {check["name"]: check for check in json.loads(done.stdout)["items"]}
        wrong = {name: check["found"] for name, check in checks.items() if check["state"] == "failed"}
        assert list(wrong) == ["CLIENT_URL", "SECRET_KEY", "JWT_SECRET_KEY"]
        assert "missing" in wrong["SECRET_KEY"]
        assert "weak" in wrong["JWT_SECRET_KEY"]
        assert "open files" in checks

    def test_a_folder_that_can_not_be_made_is_a_row(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        done = self.flask(tmp_path, "doctor", "--json", INSTANCE_PATH=str(tmp_path / "file"))
        first = json.loads(done.stdout)["items"][0]
        assert (done.returncode, first["name"], first["state"]) == (1, "INSTANCE_PATH", "failed")

    def test_every_other_command_says_in_a_line_what_is_wrong(self, tmp_path: Path) -> None:
        for command in (["users", "list"], ["db", "upgrade"]):
            done = self.flask(tmp_path, *command, APP_ENV="production")
            assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
            assert "SECRET_KEY is missing" in done.stderr
