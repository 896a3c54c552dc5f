"""The application under gunicorn, with its worker for eventlet."""

import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import create_connection
from threading import Thread

import pytest

from app.engine.drain import Drain
from app.realtime.sse import IDLE
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.demo import demo_user
from tests.support.js_client import JsPeer
from tests.support.server import GUNICORN, ROOT, Server
from tests.support.sse import EventStream

JSON = "Content-Type: application/json"
REQUEST_SECONDS = 2

alice = demo_user("alice", of="gunicorn", scope="module")


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("gunicorn")
    with Server(folder):
        pass  # makes the tables and the demo data
    with Server(folder, {"REQUEST_SECONDS": str(REQUEST_SECONDS)}, GUNICORN) as running:
        yield running


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
def test_an_event_is_heard_once_over_each_transport(alice: Api, js: JsPeer, transports: list[str]) -> None:
    socket = js.connect(alice.url, auth={"token": alice.token}, transports=transports)
    socket.wait_connected()
    socket.wait_transport(transports[-1])
    assert socket.emit("join-notifications", alice.user["id"])["ok"]
    for title in ("First", "Second"):
        form = {"userId": alice.user["id"], "type": "info", "title": title, "message": "Hello"}
        assert alice.post("/api/notifications", form).status == 201
        payload, _offset = socket.wait_for("new-notification")
        assert payload["title"] == title
    assert len(socket.heard("new-notification")) == 2


def test_who_closes_an_event_stream_is_connected_no_more(alice: Api) -> None:
    with EventStream(alice.url, "/ws/tasks", {"Authorization": f"Bearer {alice.token}"}):
        assert [one["connected"] for one in alice.get("/api/auth/logins").json["items"] if one["current"]] == [True]
    wait_until(lambda: not any(one["connected"] for one in alice.get("/api/auth/logins").json["items"]), IDLE / 2)


def test_several_requests_use_one_connection(gunicorn: Server) -> None:
    connection = HTTPConnection("127.0.0.1", gunicorn.port, timeout=5)
    connection.connect()
    socket = connection.sock
    for _ in range(3):
        connection.request("GET", "/health/live")
        assert connection.getresponse().read()
    assert connection.sock is socket
    connection.close()


@pytest.mark.parametrize("request_line", [b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", b"\x00\x01\r\n\r\n"])
def test_what_is_not_http_is_refused_without_a_traceback(gunicorn: Server, request_line: bytes) -> None:
    connection = HTTPConnection("127.0.0.1", gunicorn.port, timeout=5)
    connection.connect()
    connection.sock.sendall(request_line)
    answer = connection.sock.recv(65536)
    connection.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Traceback" not in answer


def test_an_idle_connection_holds_up_no_stop(gunicorn: Server) -> None:
    connection = HTTPConnection("127.0.0.1", gunicorn.port, timeout=5)
    connection.request("GET", "/health/live")
    connection.getresponse().read()
    began = time.monotonic()
    assert gunicorn.stop() == 0
    assert time.monotonic() - began < Drain.GRACE, "1.5 s on an idle machine, and no time of grace"
    connection.close()
    gunicorn.start()


def test_several_workers_are_refused_with_a_hint() -> None:
    command = [*GUNICORN, "--workers", "2", "--bind", "127.0.0.1:0"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode != 0
    assert "one worker a process" in result.stderr


def test_a_worker_that_serves_no_websockets_is_refused_with_a_hint() -> None:
    command = [*GUNICORN, "-k", "sync", "--bind", "127.0.0.1:0"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode != 0
    assert "leave out -k" in result.stderr


def test_a_certificate_is_refused_with_a_hint() -> None:
    command = [*GUNICORN, "--certfile", "no.pem", "--keyfile", "no.pem", "--bind", "127.0.0.1:0"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode != 0
    assert "TLS ends at the proxy" in result.stderr


@pytest.mark.parametrize("framing", ["Content-Length: 20\r\n\r\n4", "Transfer-Encoding: chunked\r\n\r\n14\r\n4"])
def test_a_body_that_does_not_come_ends_its_connection(gunicorn: Server, framing: str) -> None:
    with create_connection(("127.0.0.1", gunicorn.port), timeout=REQUEST_SECONDS + 5) as stalled:
        stalled.sendall(f"POST /api/auth/login HTTP/1.1\r\nHost: here\r\n{JSON}\r\n{framing}".encode())
        while stalled.recv(1000):
            pass


def test_a_request_that_waits_when_it_stops_to_listen_is_answered(gunicorn: Server) -> None:
    """Many at once, so that some wait in the system's queue at that moment."""
    answered: list[int] = []
    cut: list[Exception] = []

    def ask() -> None:
        connection = HTTPConnection("127.0.0.1", gunicorn.port, timeout=15)
        try:
            while True:
                connection.request("GET", "/health/live", headers={"Connection": "close"})
                answered.append(connection.getresponse().status)
                connection.close()
        except ConnectionRefusedError:
            pass
        except (OSError, HTTPException) as error:
            cut.append(error)

    clients = [Thread(target=ask) for _ in range(8)]
    for client in clients:
        client.start()
    time.sleep(0.5)
    assert gunicorn.stop() == 0
    for client in clients:
        client.join()
    gunicorn.start()
    assert set(answered) == {200}
    assert cut == []


def test_it_does_not_start_on_tables_that_are_missing(tmp_path: Path) -> None:
    started = subprocess.run(
        GUNICORN,
        cwd=ROOT,
        env={
            "PATH": "",
            "PORT": "0",
            "DATABASE_URL": f"sqlite:///{tmp_path / 'app.db'}",
            "INSTANCE_PATH": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert started.returncode != 0
    assert "run `make migrate`" in started.stderr
