"""`make cluster`: several processes, and all that they need, at one command; it leaves nothing behind."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.api import Api
from tests.support.js_client import JsPeer
from tests.support.nginx import installed
from tests.support.server import ROOT, STOP_SECONDS, free_port

# `make setup` made what it needs, else no test would run. A group of its own, as a shell gives it in a terminal.
COMMAND = ["make", "--old-file=setup", "cluster"]
PORT = str(free_port())
SETTINGS = {"PROCESSES": "1", "PORT": PORT, "REQUESTS_PER_MINUTE": "2", "DATABASE_URL": "sqlite:///elsewhere"}


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    env = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR", "LANG"}}
    env |= {"PYTHONUNBUFFERED": "1"} | request.param
    with subprocess.Popen(COMMAND, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, process_group=0) as make:
        yield make
        if make.poll() is None:  # a test failed before it ended it
            os.killpg(make.pid, signal.SIGINT)


def output(make: subprocess.Popen[str]) -> str:
    """What it prints until all runs."""
    assert make.stdout is not None
    lines = []
    for line in make.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            return "".join(lines)
    raise AssertionError(f"it ended: {lines}")


def assert_nothing_is_left(make: subprocess.Popen[str], family: list[psutil.Process], printed: str) -> None:
    make.wait(STOP_SECONDS)
    _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
    assert alive == []
    assert [log for log in re.findall(r"log: (\S+)", printed) if Path(log).parents[1].exists()] == []


@pytest.mark.parametrize("cluster", [{"PROCESSES": "2"}], indirect=True)
def test_whom_it_names_can_log_in_where_it_says_and_all_processes_hear_them(
    cluster: subprocess.Popen[str], js: JsPeer
) -> None:
    printed = output(cluster)
    family = psutil.Process(cluster.pid).children(recursive=True)
    urls = re.findall(r"(http://127\.0\.0\.1:\d+)/dashboard", printed)
    assert len(urls) == 2 + (installed() is not None)
    [(email, password)] = re.findall(r"Log in as (\S+) with (\S+);", printed)
    alice = Api(urls[-1]).login(email, password)
    sockets = [js.connect(url, auth={"token": alice.token}) for url in urls]
    for socket in sockets:
        assert socket.emit("join-notifications", alice.user["id"])["ok"]
    form = {"userId": alice.user["id"], "type": "note", "title": "Hello", "message": "-"}
    assert alice.post("/api/notifications", form).status == 201
    for socket in sockets:
        socket.wait_for("new-notification", where=lambda payload: payload["title"] == "Hello")
    os.killpg(cluster.pid, signal.SIGINT)  # as Ctrl-C does
    assert_nothing_is_left(cluster, family, printed)


@pytest.mark.parametrize("cluster", [{"PROCESSES": "1"}], indirect=True)
def test_sigterm_ends_it_as_well(cluster: subprocess.Popen[str]) -> None:
    printed = output(cluster)
    family = psutil.Process(cluster.pid).children(recursive=True)
    cluster.terminate()
    assert_nothing_is_left(cluster, family, printed)


@pytest.mark.parametrize("cluster", [SETTINGS], indirect=True)
def test_the_settings_of_the_environment_are_those_of_its_processes_and_the_port_is_where_one_enters(
    cluster: subprocess.Popen[str],
) -> None:
    printed = output(cluster)
    assert "elsewhere" not in printed
    alice = Api.as_demo_user(f"http://127.0.0.1:{PORT}", "alice")
    assert 429 in [alice.get("/api/auth/me").status for _ in range(5)], "5 requests take 3 minutes of 2 each"
