"""What fails inside is told outside as a failure with an id, and nothing else; the log has the rest, by that id."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.security.person import Person
from tests.support.api import Api, Response
from tests.support.demo import GENEROUS, demo_user
from tests.support.js_client import JsPeer
from tests.support.server import Server

MESSAGE = "Something went wrong on our side."
INSIDE = re.compile(
    rb"Traceback|File \"|\.py|sqlite|SELECT|INSERT|task_notes|participants|reactions|no such|OperationalError"
)

alice = demo_user("alice", of="server", scope="module")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Somebody has removed tables from under it, and changed a row into what no application writes."""
    with Server(tmp_path_factory.mktemp("failures"), GENEROUS) as running:
        Api.as_demo_user(running.url, "alice").post("/api/tasks", {"title": "changed"})
        with closing(sqlite3.connect(running.database_path, timeout=30)) as database, database:
            for table in ("task_notes", "participants", "reactions"):
                database.execute(f"DROP TABLE {table}")
            database.execute("UPDATE tasks SET status = 'nonsense' WHERE title = 'changed'")
        yield running


@pytest.fixture(scope="module")
def task(alice: Api) -> str:
    return str(alice.post("/api/tasks", {"title": "as it should be"}).json["id"])


def assert_told_and_logged(answer: Response, server: Server, reason: str) -> None:
    """The client hears that it failed and by which id; the trace is in the log, by the same id."""
    id = answer.headers["X-Request-Id"]
    assert answer.status == 500
    assert answer.json == {"error": {"code": "internal", "message": MESSAGE, "details": {"requestId": id}}}
    assert "Retry-After" not in answer.headers
    _, _, after = server.log().partition(f"request {id} failed")
    assert "Traceback" in after
    assert reason in after


def test_reading_from_a_table_that_is_gone_tells_an_id_alone(server: Server, alice: Api, task: str) -> None:
    assert_told_and_logged(alice.get(f"/api/tasks/{task}/notes"), server, "no such table: task_notes")


def test_writing_to_a_table_that_is_gone_tells_an_id_alone(server: Server, alice: Api, task: str) -> None:
    answer = alice.post(f"/api/tasks/{task}/notes", {"content": "secret words"})
    assert_told_and_logged(answer, server, "no such table: task_notes")
    assert "secret words" not in server.log()


def test_a_row_that_makes_no_sense_tells_an_id_alone(server: Server, alice: Api) -> None:
    assert_told_and_logged(alice.get("/api/tasks"), server, "'nonsense'")


def test_failing_with_an_idempotency_key_is_not_kept(server: Server, alice: Api, task: str) -> None:
    ids = set()
    for _ in range(2):
        answer = alice.post(f"/api/tasks/{task}/notes", {"content": "-"}, {"Idempotency-Key": "one"})
        assert_told_and_logged(answer, server, "no such table: task_notes")
        ids.add(answer.headers["X-Request-Id"])
    assert len(ids) == 2


def test_the_id_is_the_server_s_own(server: Server, alice: Api) -> None:
    answer = alice.get("/api/chat/conversations", {"X-Request-Id": "mine"})
    assert answer.headers["X-Request-Id"] != "mine"
    assert_told_and_logged(answer, server, "no such table: participants")


@pytest.mark.parametrize("accept", ["text/html", "*/*", "text/event-stream", "nonsense"])
def test_whatever_is_asked_for_the_failure_is_json_and_tells_nothing_of_the_inside(alice: Api, accept: str) -> None:
    answer = alice.get("/api/chat/conversations", {"Accept": accept})
    assert (answer.status, answer.headers["Content-Type"]) == (500, "application/json")
    assert INSIDE.search(answer.body) is None
    assert INSIDE.search(str(answer.headers).encode()) is None


def test_a_command_that_fails_tells_an_id_alone(server: Server, alice: Api, js: JsPeer) -> None:
    socket = js.connect(server.url, auth={"token": alice.token})
    ack = socket.emit("join-chat", "01a22140-0000-7000-8000-000000000000")
    id = ack["error"]["details"]["requestId"]
    assert ack == {"ok": False, "error": {"code": "internal", "message": MESSAGE, "details": {"requestId": id}}}
    _, _, after = server.log().partition("join-chat failed")
    assert id in after
    assert "no such table: participants" in after
    socket.emit_no_ack("join-chat", "01a22140-0000-7000-8000-000000000000")
    told, *_ = socket.wait_for("error")
    assert (told["code"], told["message"], set(told["details"])) == ("internal", MESSAGE, {"requestId"})


def test_whom_a_namespace_can_not_let_in_hears_nothing_and_is_not_in(server: Server, alice: Api, js: JsPeer) -> None:
    socket = js.open(server.url, "/ws/chat", auth={"token": alice.token}, reconnection=False)
    assert socket.wait_disconnect() == "transport close"
    assert (socket.connections, socket.refusals, socket.heard()) == ([], [], [])


def test_what_does_not_need_what_is_gone_goes_on(server: Server, alice: Api, task: str, js: JsPeer) -> None:
    alice.get("/api/chat/conversations")
    assert alice.get(f"/api/tasks/{task}").status == 200
    assert alice.get("/health/live").status == 200
    assert Person(server.url).open("/login").status == 200
    socket = js.connect(server.url, "/ws/notifications", auth={"token": alice.token})
    socket.wait_connected()
