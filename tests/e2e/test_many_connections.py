"""More connections than a process may have files: it goes on, however it is served."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import create_connection

import pytest

from tests.support.api import Api
from tests.support.server import GUNICORN, PYTHON, ROOT, Server

FILES = 80
CONNECTIONS = 120

# Starts the program named by the arguments behind the two limits.
LIMITED = (
    "import os, resource, sys; soft, hard = map(int, sys.argv[1:3]);"
    "resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)); os.execv(sys.argv[3], sys.argv[3:])"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a server whose tables and demo data are made."""
    folder = tmp_path_factory.mktemp("server")
    with Server(folder):
        return folder


@pytest.fixture(params=[PYTHON, GUNICORN], ids=["python", "gunicorn"])
def command(request: pytest.FixtureRequest) -> tuple[str, ...]:
    command: tuple[str, ...] = request.param
    return command


def limited(folder: Path, command: tuple[str, ...], hard: int) -> Server:
    return Server(folder, command=(sys.executable, "-c", LIMITED, str(FILES), str(hard), *command))


@contextmanager
def connections(server: Server) -> Iterator[None]:
    with ExitStack() as held:
        for _ in range(CONNECTIONS):
            held.enter_context(create_connection(("127.0.0.1", server.port)))
        yield


def test_it_takes_as_many_files_as_the_system_lets_it(folder: Path, command: tuple[str, ...]) -> None:
    with limited(folder, command, hard=4 * FILES) as server, connections(server):
        assert Api(server.url).get("/health/live").status == 200


def test_when_none_is_left_a_connection_waits_for_one(folder: Path, command: tuple[str, ...]) -> None:
    with limited(folder, command, hard=FILES) as server, ExitStack() as held:
        held.enter_context(connections(server))
        with create_connection(("127.0.0.1", server.port), timeout=1) as waiting:
            waiting.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with pytest.raises(TimeoutError):
                waiting.recv(1)
            held.close()
            waiting.settimeout(10)
            assert waiting.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[int]:
    """The port of a server that closes connections on which nothing came for half a second."""
    script = (
        "import wsgi; from app.extensions import socketio; listener = socketio.listen('127.0.0.1', 0);"
        "print(listener.getsockname()[1], flush=True); socketio.serve(wsgi.app, listener, 10, 0.5)"
    )
    env = {"PATH": os.environ["PATH"], "INSTANCE_PATH": str(tmp_path)}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


@pytest.mark.parametrize(
    "sent", [b"", b"GET /health/live HTTP/1.1\r\nHost:", b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_a_connection_of_a_client_that_has_gone_silent_is_closed(impatient: int, sent: bytes) -> None:
    with create_connection(("127.0.0.1", impatient), timeout=10) as silent:
        silent.sendall(sent)
        while silent.recv(65536):
            pass
