"""Starting and stopping, as the README says."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.support.api import DEMO_PASSWORD, Api
from tests.support.js_client import JsPeer
from tests.support.server import ROOT, Server


def run(*command: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "")}
    return subprocess.run(
        command, cwd=ROOT, env=inherited | env, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_first_start_makes_the_tables_and_prints_whom_to_log_in_as(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        for word in (server.url, "/dashboard", DEMO_PASSWORD, *(f"{name}@example.com" for name in ("admin", "alice"))):
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
    flask = str(Path(sys.executable).with_name("flask"))
    result = run(flask, "--app", "wsgi", "run", "--port", "0", env={"INSTANCE_PATH": str(tmp_path)})
    assert result.returncode != 0
    assert "make run" in result.stderr


def test_production_does_not_start_without_secrets_and_names_them(tmp_path: Path) -> None:
    env = {"APP_ENV": "production", "INSTANCE_PATH": str(tmp_path)}
    result = run(sys.executable, "wsgi.py", env=env)
    assert result.returncode != 0
    assert "JWT_SECRET_KEY" in result.stderr


def test_production_has_no_demo_users(tmp_path: Path) -> None:
    secret = "0123456789abcdefghijklmnopqrstuvwxyz"
    env = {"APP_ENV": "production", "JWT_SECRET_KEY": secret, "SECRET_KEY": secret}
    with Server(tmp_path, env) as server:
        assert "demo-password" not in server.log()
        assert Api(server.url).get("/ws/health").status == 401
        assert Api(server.url).get("/health/ready").status == 503
