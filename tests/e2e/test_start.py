"""Starting and stopping, as the README says."""

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.api import DEMO_PASSWORD, Api
from tests.support.js_client import JsPeer
from tests.support.production import PRODUCTION
from tests.support.server import ROOT, Server, free_port


def run(*command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "")}
    return subprocess.run(
        command, cwd=ROOT, env=inherited | env, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_first_start_makes_the_tables_and_prints_whom_to_log_in_as(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        emails = [f"{name}@example.com" for name in ("admin", "manager", "alice", "bob")]
        for word in (server.url, "/dashboard", DEMO_PASSWORD, *emails, "Product", "Engineering", "Launch"):
            assert word in server.log()
        assert Api.as_demo_user(server.url, "bob").get("/api/auth/me").status == 200


def test_a_second_start_keeps_the_data_and_is_quick(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        token = Api.as_demo_user(server.url, "alice").token
        server.stop()
        began = time.monotonic()
        server.start()
        assert time.monotonic() - began < 15, "1.5 s on an idle machine, 3 s promised"
        assert Api(server.url, token).get("/api/auth/me").status == 200


def test_a_server_that_is_told_to_stop_ends_well_though_sockets_are_open(tmp_path: Path, js: JsPeer) -> None:
    with Server(tmp_path) as server:
        alice = Api.as_demo_user(server.url, "alice")
        socket = js.connect(server.url, auth={"token": alice.token}, reconnection=False)
        assert server.stop() == 0
        assert socket.wait_disconnect() == "transport close", "not an order to stay away: clients come back"


def test_what_was_committed_before_a_crash_is_there_after_it(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        alice = Api.as_demo_user(server.url, "alice")
        id = alice.post("/api/tasks", {"title": "Survive"}).json["id"]
        server.kill9()
        server.start()
        assert Api(server.url, alice.token).get(f"/api/tasks/{id}").json["title"] == "Survive"


def test_a_port_that_is_taken_is_said_to_be(tmp_path: Path, server: Server) -> None:
    result = run(sys.executable, "wsgi.py", env={"INSTANCE_PATH": str(tmp_path), "PORT": str(server.port)})
    assert result.returncode != 0
    assert f"Can't listen at 127.0.0.1:{server.port}" in result.stderr


def test_flask_run_refuses_with_a_hint(tmp_path: Path) -> None:
    result = flask("run", "--port", "0", env={"INSTANCE_PATH": str(tmp_path)})
    assert result.returncode != 0
    assert "make run" in result.stderr


def test_production_does_not_start_without_secrets_and_names_them(tmp_path: Path) -> None:
    env = {"APP_ENV": "production", "INSTANCE_PATH": str(tmp_path)}
    result = run(sys.executable, "wsgi.py", env=env)
    assert result.returncode != 0
    assert "JWT_SECRET_KEY" in result.stderr


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """An environment that production starts with, its database not made yet."""
    places = {"INSTANCE_PATH": str(tmp_path / "instance"), "DATABASE_URL": f"sqlite:///{tmp_path / 'app.db'}"}
    return PRODUCTION | places


def flask(*command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return run(str(Path(sys.executable).with_name("flask")), "--app", "wsgi", *command, env=env)


def test_production_has_no_demo_users_and_its_first_admin_is_made_by_command(
    tmp_path: Path, production: dict[str, str]
) -> None:
    assert flask("db", "upgrade", env=production).returncode == 0
    with Server(tmp_path, production) as server:
        assert DEMO_PASSWORD not in server.log()
        nobody = Api(server.url)
        assert nobody.get("/ws/health").status == 401
        assert nobody.get("/health/ready").status == 200
        form = {"email": "root@example.com", "password": "a-long-password", "name": "Root"}
        token = nobody.post("/api/auth/register", form).json["accessToken"]
        assert flask("users", "promote", "root@example.com", env=production).returncode == 0
        assert Api(server.url, token).post("/api/teams", {"name": "First"}).status == 201


def test_production_without_tables_says_what_to_run(production: dict[str, str]) -> None:
    result = run(sys.executable, "wsgi.py", env=production | {"PORT": "0"})
    assert result.returncode != 0
    assert result.stderr == "The database has no tables, or old ones: run `make migrate`.\n"


def test_production_waits_for_a_database_that_is_away(tmp_path: Path, production: dict[str, str]) -> None:
    away = f"postgresql://127.0.0.1:{free_port()}/tasks"
    with Server(tmp_path, production | {"DATABASE_URL": away}) as server:
        assert "The database can't be reached yet" in server.log()
        assert Api(server.url).get("/health/ready").status == 503


def test_a_development_database_that_is_away_is_said_in_a_line(tmp_path: Path) -> None:
    away = f"postgresql://127.0.0.1:{free_port()}/tasks"
    result = run(sys.executable, "wsgi.py", env={"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": away})
    assert result.returncode != 0
    assert result.stderr.startswith("The database can't be used: ")


def test_a_port_that_the_system_chose_is_printed(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "INSTANCE_PATH": str(tmp_path), "PORT": "0", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([sys.executable, "wsgi.py"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        [url] = itertools.islice((line.split()[1] for line in process.stdout if "Dashboard" in line), 1)
        assert Api(url.removesuffix("/dashboard")).get("/health/live").status == 200
        process.terminate()
