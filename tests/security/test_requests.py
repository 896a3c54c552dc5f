"""Requests that two servers would read in two ways, and texts that would begin a line of the log."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.demo import demo_user
from tests.support.js_client import JsPeer
from tests.support.production import PRODUCTION
from tests.support.raw_socket import Closed, RawSocket
from tests.support.server import GUNICORN, PYTHON, Server

SECONDS = 10.0
DEBUG = {"REALTIME_DEBUG": "1", "LOGINS_PER_MINUTE": "10000"}

GET = "GET /health/live HTTP/1.1\r\nHost: x\r\n"
POST = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = f"{POST}Transfer-Encoding: chunked\r\n"
NEXT = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

AMBIGUOUS = {
    "CL.TE": f"{POST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "TE.CL": f"{CHUNKED}Content-Length: 4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n",
    "TE.TE": f"{CHUNKED}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "chunked and something else": f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked behind a space": f"{POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": CHUNKED.replace("HTTP/1.1", "HTTP/1.0") + "\r\n0\r\n\r\n",
    "two lengths": f"{POST}Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "a list of lengths": f"{POST}Content-Length: 0, 0\r\n\r\n",
    "a length with a sign": f"{POST}Content-Length: +0\r\n\r\n",
    "a length with an underscore": f"{POST}Content-Length: 0_0\r\n\r\n",
    "a length below zero": f"{POST}Content-Length: -1\r\n\r\n",
    "a chunk below zero": f"{CHUNKED}\r\n-1\r\n\r\n0\r\n\r\n",
    "a chunk in hexadecimal as Python has it": f"{CHUNKED}\r\n0x2\r\n{{}}\r\n0\r\n\r\n",
    "a chunk longer than it says": f"{CHUNKED}\r\n2\r\n{{}}}}\r\n0\r\n\r\n",
    "a line feed in what is said of a chunk": f"{CHUNKED}\r\n2;\nxx\r\n{{}}\r\n0\r\n\r\n",
    "a chunk whose size does not end": f"{CHUNKED}\r\n2;{'x' * 20_000}\r\n{{}}\r\n0\r\n\r\n",
    "two hosts": f"{GET}Host: y\r\n\r\n",
    "twice the same host": f"{GET}Host: x\r\n\r\n",
    "a control character in a value": f"{GET}X: a\x01b\r\n\r\n",
    "a zero byte in a value": f"{GET}X: a\0b\r\n\r\n",
    "a carriage return in a value": f"{GET}X: a\rb\r\n\r\n",
    "a control character in a name": f"{GET}X\x01: a\r\n\r\n",
    "a control character in the path": f"{GET}\r\n".replace("live", "live\x01"),
    "a line feed in a value": f"{GET}X: a\nConnection: close\r\n\r\n",
    "a line feed behind the request line": f"{GET}\r\n".replace("1.1\r", "1.1"),
    "line feeds alone": f"{GET}\r\n".replace("\r", ""),
    "a folded header": f"{GET}X: a\r\n b\r\n\r\n",
    "a folded host": f"{GET[:-2]}\r\n y\r\n\r\n",
    "a space before the colon": f"{GET}X : a\r\n\r\n",
    "a header without a colon": f"{GET}X\r\n\r\n",
    "a tab in the request line": f"{GET}\r\n".replace(" HTTP", "\tHTTP"),
    "a space before the method": f" {GET}\r\n",
    "HTTP/0.9": "GET /health/live\r\n\r\n",
    "HTTP/2": f"{GET}\r\n".replace("1.1", "2.0"),
}

FORGED = "FORGED"  # begins no line unless one was broken
BREAKS = ["\r\n", "\n", "\r", "\x85", "\u2028", "\x0b", "\x1b[2K\r\n"]

alice = demo_user("alice", of="started", scope="module")


class Started(NamedTuple):
    """A server, and whether its log is JSON."""

    server: Server
    is_json: bool

    @property
    def url(self) -> str:
        return self.server.url


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of one database: that in development, which is first, makes the tables and the users."""
    return tmp_path_factory.mktemp("requests")


@pytest.fixture(
    scope="module",
    params=[(PYTHON, DEBUG), (GUNICORN, DEBUG | PRODUCTION)],
    ids=["python, development", "gunicorn, production"],
)
def started(request: pytest.FixtureRequest, folder: Path) -> Iterator[Started]:
    command, env = request.param
    if command is GUNICORN and not (folder / "app.db").exists():
        with Server(folder):
            pass
    with Server(folder, env, command) as running:
        running.log_path.write_text("")
        yield Started(running, "APP_ENV" in env)


def statuses(server: Server, sent: bytes) -> list[int]:
    """The status of each answer until the server closes the connection."""
    answers = b""
    with socket.create_connection(("127.0.0.1", server.port), SECONDS) as connection:
        connection.sendall(sent)
        with suppress(ConnectionResetError):
            while data := connection.recv(65536):
                answers += data
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answers)]


# --- read in one way, or not at all


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_a_request_that_can_be_read_in_two_ways_is_refused_and_what_stands_behind_it_is_not_read(
    name: str, started: Started
) -> None:
    assert statuses(started.server, AMBIGUOUS[name].encode("latin-1") + NEXT) == [400]


@pytest.mark.parametrize("sent", [f"{CHUNKED}\r\n0\r\n\r\n", f"{POST}Content-Length: 0\r\n\r\n"])
def test_a_request_that_can_be_read_in_one_way_is_answered_and_the_one_behind_it_too(
    sent: str, started: Started
) -> None:
    assert statuses(started.server, sent.encode() + NEXT) == [400, 200]


# --- in the log


def new_lines(started: Started, before: int) -> list[str]:
    return started.server.log()[before:].split("\n")[:-1]


def check(started: Started, before: int) -> None:
    """No line that was logged since then was begun, or steered, by a client."""
    lines = new_lines(started, before)
    assert not [line for line in lines if line.lstrip().startswith(FORGED) or not line.isprintable()]
    if started.is_json:
        assert all(isinstance(json.loads(line), dict) for line in lines)


@pytest.mark.parametrize(
    "header", ["Origin", "User-Agent", "X-Request-Id", "Idempotency-Key", "Authorization", "Cookie"]
)
@pytest.mark.parametrize("path", ["/api/auth/me", "/socket.io/?EIO=4&transport=polling"])
def test_a_header_begins_no_line_of_the_log(header: str, path: str, started: Started) -> None:
    before = len(started.server.log())
    for end in BREAKS:
        for value in (f"http://x{end}{FORGED}", f"http://x{quote(end)}{FORGED}"):
            sent = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}: {value}\r\n\r\n"
            (status,) = statuses(started.server, sent.encode())
            assert status < 500
    check(started, before)


def test_an_address_begins_no_line_of_the_log(started: Started) -> None:
    before = len(started.server.log())
    for end in map(quote, BREAKS):
        for path in (
            f"/api/x{end}{FORGED}",
            f"/api/tasks/{end}{FORGED}",
            f"/?x={end}{FORGED}",
            f"/socket.io/?EIO=4&transport=polling&sid={end}{FORGED}",
            f"/socket.io/?EIO=4&transport={end}{FORGED}",
            f"/dashboard/login?next={end}{FORGED}",
        ):
            sent = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            (status,) = statuses(started.server, sent.encode())
            assert status < 500
    check(started, before)


def test_a_name_a_title_and_a_message_begin_no_line_of_the_log(started: Started, alice: Api, js: JsPeer) -> None:
    before = len(started.server.log())
    socket = js.connect(started.url, "/ws/notifications", auth={"token": alice.token})
    text = "x" + "".join(f"{end}{FORGED}" for end in BREAKS)
    account = {"email": f"{started.server.port}@example.com", "password": text, "name": text}
    assert Api(started.url).post("/api/auth/register", account).status == 201
    assert Api(started.url).post("/api/auth/login", {"email": text, "password": text}).status == 401
    note = {"userId": alice.user["id"], "type": text, "title": text, "message": text, "data": {text: text}}
    assert alice.post("/api/notifications", note).status == 201
    assert socket.wait_for("new-notification", lambda heard: heard["title"] == text)
    assert alice.post("/api/tasks", {"title": text, "assigneeId": alice.user["id"]}).status == 201
    check(started, before)


def test_what_a_socket_sends_begins_no_line_of_the_log(started: Started, alice: Api, js: JsPeer) -> None:
    before = len(started.server.log())
    for end in BREAKS:
        text = f"x{end}{FORGED}"
        socket = js.connect(started.url, auth={"token": alice.token})
        assert socket.emit("leave-user", text)["ok"]
        for command, *arguments in (
            (text, text),
            ("join-user", text),
            ("join-user", alice.user["id"], {"since": text}),
        ):
            socket.emit(command, *arguments)
        js.open(started.url, auth={"token": text}, reconnection=False).wait_refused()
        js.open(started.url, f"/{text}", auth={"token": alice.token}, reconnection=False).wait_refused()
        for packet in (f"4{text}", f"40/{text},{{", f'42["{text}"'):
            end_with(started.server, packet)
    wait_until(lambda: FORGED in started.server.log()[before:], SECONDS)  # some of it is told
    check(started, before)


def end_with(server: Server, packet: str) -> None:
    """Send what ends a connection."""
    with RawSocket(server.url) as raw, pytest.raises((Closed, ConnectionError)):
        raw.send(packet)
        while True:
            raw.receive()
