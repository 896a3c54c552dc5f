"""The log of a server in production: each line is JSON, whoever writes it, and tells what it came of."""

import json
from collections.abc import Iterator
from pathlib import Path
from socket import create_connection
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.js_client import JsPeer
from tests.support.production import production
from tests.support.server import GUNICORN, PYTHON, Server

ACCOUNT = {"email": "a@example.com", "password": "a-long-password", "name": "A"}

Line = dict[str, Any]


@pytest.fixture(scope="module", params=[PYTHON, GUNICORN], ids=["python", "gunicorn"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, production_database: Path
) -> Iterator[Server]:
    settings = {"REALTIME_DEBUG": "1"}
    with production(tmp_path_factory.mktemp("log"), production_database, settings, request.param) as running:
        yield running


def lines(server: Server) -> list[Line]:
    """The log so far, but for a line that is being written. Raises ValueError where one is no JSON."""
    return [json.loads(line) for line in server.log().rpartition("\n")[0].splitlines()]


@pytest.fixture(scope="module")
def somebody(server: Server) -> Api:
    """Who has just registered."""
    api = Api(server.url)
    assert api.post("/api/auth/register", ACCOUNT).status == 201
    return api.login(ACCOUNT["email"], ACCOUNT["password"])


def test_a_request_is_followed_by_its_id_to_the_delivery_of_what_it_caused(
    server: Server, somebody: Api, js: JsPeer
) -> None:
    socket = js.connect(server.url, "/ws/notifications", auth={"token": somebody.token})
    socket.wait_connected()
    form = {"userId": somebody.user["id"], "type": "t", "title": "T", "message": "M"}
    request_id = somebody.post("/api/notifications", form).headers["X-Request-Id"]
    socket.wait_for("new-notification")

    def events() -> list[str]:
        return [line["event"] for line in lines(server) if line.get("request_id") == request_id]

    wait_until(lambda: "new-notification delivered" in events())


def test_every_line_is_json_from_the_start_to_the_end_whatever_clients_send(server: Server, somebody: Api) -> None:
    somebody.post("/api/auth/login", {"email": ACCOUNT["email"], "password": "wrong-password"})
    with create_connection(("127.0.0.1", server.port), 5) as client:
        client.sendall(b"no\nhttp\n\n")
        assert client.recv(1024)
    assert server.stop() == 0
    found = lines(server)
    server.start()
    assert {"timestamp", "level", "logger", "event"} <= set.intersection(*map(set, found))
    loggers = {line["logger"] for line in found}
    assert "app.auth.failures" in loggers
    assert loggers & {"gunicorn.error", "app.cli.serve"}
