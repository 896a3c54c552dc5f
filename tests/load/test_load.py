"""The load test itself, against a started server: what it says is what happened."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from app.load.client import Client
from app.load.plan import Actor, Plan
from app.load.run import Run
from tests.load.loop import run_apart
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.server import ROOT, Server, free_port

SMALL = ("--connections", "12", "--rooms", "4", "--rate", "10", "--duration", "2", "--ramp", "50")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server"), {"REQUESTS_PER_MINUTE": "100000"}) as running:
        yield running


def load(server: Server, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "flask", "--app", "wsgi", "load", *options]
    return subprocess.run(command, cwd=ROOT, env=server.env, capture_output=True, text=True, timeout=90, check=False)


def test_what_was_made_was_heard_and_nothing_is_left_of_it(server: Server, tmp_path: Path) -> None:
    page = tmp_path / "load.html"
    done = load(server, *SMALL, "--json", "--report", str(page))
    assert done.returncode == 0, (done.stdout, done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["faults"] == []
    assert told["figures"]["events made"] == "20 of 20"
    assert told["figures"]["deliveries"] == "60 of 60"
    assert told["figures"]["clients connected"].startswith("12 of 12")
    assert "MB" in told["figures"]["server's memory"]
    assert "Passed" in page.read_text()
    users = Api.as_demo_user(server.url, "admin").get("/api/users?limit=100").json["items"]
    assert [user for user in users if user["name"].startswith("Load test")] == []


def test_a_bound_that_is_passed_fails_it(server: Server) -> None:
    done = load(server, *SMALL, "--bound", "0.001")
    assert done.returncode == 1
    assert "above 0.001" in done.stdout
    assert "failed" in done.stdout


def test_the_latency_of_each_transport_is_told_apart_when_both_are_used(server: Server, tmp_path: Path) -> None:
    page = tmp_path / "load.html"
    done = load(server, *SMALL, "--polling", "6", "--json", "--report", str(page))
    assert done.returncode == 0, (done.stdout, done.stderr)
    figures: dict[str, str] = json.loads(done.stdout)["figures"]
    assert figures["deliveries"] == "60 of 60"
    for transport in ("WebSocket", "polling"):
        assert figures[f"request to heard by {transport}, p50"] != "0.0 ms"
        assert f"From the request to being heard by {transport}, ms" in page.read_text()
        assert f"6 connections by {transport}" in page.read_text()


def test_it_is_not_told_apart_when_all_poll(server: Server) -> None:
    done = load(server, *SMALL, "--polling", "12", "--json")
    assert done.returncode == 0, (done.stdout, done.stderr)
    figures: dict[str, str] = json.loads(done.stdout)["figures"]
    assert figures["deliveries"] == "60 of 60"
    assert figures["request to heard, p50"] != "0.0 ms"


def test_where_nobody_can_connect_nothing_is_made(server: Server) -> None:
    began = monotonic()
    done = load(server, *SMALL, "--duration", "60", "--url", f"http://127.0.0.1:{free_port()}", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["figures"]["events made"] == "0 of 600"
    assert monotonic() - began < 30


def test_more_that_poll_than_there_are_is_refused(server: Server) -> None:
    done = load(server, *SMALL, "--polling", "13")
    assert done.returncode == 1
    assert "There are 12 connections, so 13 of them can't poll." in done.stderr


@pytest.mark.parametrize("polling", ["0", "12"])
def test_a_server_that_is_not_there_fails_it(server: Server, polling: str) -> None:
    done = load(server, *SMALL, "--polling", polling, "--url", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "12 clients could not be connected" in done.stdout


def test_another_machine_is_left_alone_unless_it_is_ones_own(server: Server) -> None:
    done = load(server, *SMALL, "--url", "http://192.0.2.1:3000")
    assert done.returncode == 1
    assert "--this-server-is-mine" in done.stderr


def test_more_than_the_users_may_make_is_refused_with_the_setting_to_raise(server: Server) -> None:
    done = load(server, "--rooms", "1", "--rate", "2000")
    assert done.returncode == 1
    assert "REQUESTS_PER_MINUTE" in done.stderr


@pytest.mark.parametrize("polling", [0, 3])
def test_an_event_that_one_client_did_not_hear_is_found(
    server: Server, monkeypatch: pytest.MonkeyPatch, polling: int
) -> None:
    alice = Api.as_demo_user(server.url, "alice")
    actor = Actor(alice.user["id"], alice.token or "")
    hear = Client._hear
    deaf: list[Client] = []

    def hear_but_one(self: Client, event: list[Any]) -> None:
        if not deaf and event[1]["title"] == "3":
            deaf.append(self)
        else:
            hear(self, event)

    monkeypatch.setattr(Client, "_hear", hear_but_one)
    monkeypatch.setattr("app.load.run.SETTLE", 0.5)
    plan = Plan(server.url, connections=3, polling=polling, rate=20, duration=1, ramp=50, bound=None)
    run = Run(plan, [actor], "", lambda *_: None)
    run_apart(run.go())
    assert run.outcome.faults(None) == ["1 deliveries lost"]


@pytest.mark.parametrize("ramp", [1, 50])
def test_ctrl_c_ends_it_with_what_there_is(server: Server, ramp: int) -> None:
    """While clients connect, and while events are made."""
    options = ("--connections", "12", "--rooms", "4", "--rate", "10", "--duration", "60", "--ramp", str(ramp))
    command = [sys.executable, "-W", "ignore", "-m", "flask", "--app", "wsgi", "load", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=server.env, stdout=pipe, stderr=pipe, text=True) as running:
        wait_until(lambda: _connections(server) >= 3, timeout=30)
        sleep(1)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "ended by hand" in out
    assert "could not be connected" not in out
    assert "Traceback" not in out + err


def _connections(server: Server) -> float:
    lines = Api(server.url).get("/metrics").body.decode().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("realtime_connections{"))
