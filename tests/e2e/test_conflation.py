"""A burst of one task's progress, as the unmodified JavaScript client hears it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from app.events.tasks import TaskProgressUpdated
from tests.e2e.scenarios import ok
from tests.support.api import Api
from tests.support.js_client import JsClient, JsPeer
from tests.support.server import Server

CONFLATION = TaskProgressUpdated.conflation
assert CONFLATION is not None
WINDOW = CONFLATION.window
BURST = [number % 99 + 1 for number in range(200)]
EVENT = "task-progress-updated"


class Task:
    """A task of alice, whose progress she tells."""

    def __init__(self, alice: Api) -> None:
        self._alice = alice
        answer = alice.post("/api/tasks", {"title": "A long one"})
        assert answer.status == 201, answer.body
        self.id = answer.json["id"]

    def goes(self, *percents: int) -> None:
        for percent in percents:
            ok(self._alice.patch(f"/api/tasks/{self.id}/progress", {"progress": percent}))

    def heard_by(self, socket: JsClient) -> list[int]:
        return [heard.args[0]["progress"] for heard in socket.heard(EVENT) if heard.args[0]["id"] == self.id]

    def ends_for(self, socket: JsClient, percent: int, timeout: float = 5.0) -> None:
        """Wait until the socket has heard that much."""

        def is_it(payload: Any) -> bool:
            return bool(payload["id"] == self.id and payload["progress"] == percent)

        socket.wait_for(EVENT, where=is_it, timeout=timeout)


@pytest.fixture
def task(alice: Api) -> Task:
    return Task(alice)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


def listening(alice: Api, js: JsPeer, **options: Any) -> JsClient:
    socket = js.connect(alice.url, auth={"token": alice.token}, **options)
    assert socket.emit("join-tasks", alice.user["id"])["ok"]
    return socket


def test_a_burst_is_heard_as_few_events_of_which_the_last_has_the_last_value(
    alice: Api, task: Task, js: JsPeer
) -> None:
    socket = listening(alice, js)
    began = monotonic()
    task.goes(*BURST, 100)
    task.ends_for(socket, 100)
    took = monotonic() - began
    heard = task.heard_by(socket)
    assert heard[0] == BURST[0]
    assert heard[-1] == 100
    assert len(heard) <= min(took / WINDOW + 2, len(BURST) - 1)


def test_what_comes_too_soon_is_heard_when_the_window_is_over(alice: Api, task: Task, js: JsPeer) -> None:
    socket = listening(alice, js)
    began = monotonic()
    for percent in (10, 20):
        task.goes(percent)
        task.ends_for(socket, percent)
    assert monotonic() - began >= WINDOW
    assert task.heard_by(socket) == [10, 20]


def test_who_was_away_hears_exactly_what_was_sent(alice: Api, task: Task, js: JsPeer) -> None:
    witness, away = listening(alice, js), listening(alice, js, reconnectionDelay=300)
    task.goes(*BURST[:30])
    away.drop()
    task.goes(*BURST[30:80])
    assert away.wait_connected(2).recovered
    task.goes(*BURST[80:100], 100)
    for socket in (witness, away):
        task.ends_for(socket, 100)
    assert task.heard_by(away) == task.heard_by(witness)


def test_what_comes_behind_a_burst_is_heard_behind_it(alice: Api, task: Task, js: JsPeer) -> None:
    socket = listening(alice, js)
    task.goes(*BURST[:10])
    ok(alice.delete(f"/api/tasks/{task.id}"))
    socket.wait_for("task-deleted", where=lambda payload: payload["id"] == task.id)
    about_it = [heard for heard in socket.heard() if heard.args[0]["id"] == task.id and heard.event != "task-updated"]
    assert [heard.event for heard in about_it][-2:] == [EVENT, "task-deleted"]
    assert task.heard_by(socket)[-1] == BURST[9]


def test_the_newest_is_heard_after_a_kill_in_the_middle_of_a_burst(own_server: Server, js: JsPeer) -> None:
    alice = Api.as_demo_user(own_server.url, "alice")
    socket = js.connect(own_server.url, "/ws/analytics", auth={"token": alice.token})
    for _ in range(5):
        ok(alice.post("/api/tasks", {"title": "One more", "assigneeId": alice.user["id"]}))
    own_server.kill9()
    own_server.start()
    socket.wait_for("productivity-updated", where=lambda payload: payload["assigned"] == 5, timeout=15.0)
    assert socket.connection.recovered
    heard = [heard.args[0]["assigned"] for heard in socket.heard("productivity-updated")]
    # Between the two, as many as the requests took windows.
    assert heard == sorted(set(heard))
    assert (heard[0], heard[-1]) == (1, 5)


def test_a_metric_is_told_of_once_a_second_however_often_others_come_and_go(
    server: Server, alice: Api, bob: Api, js: JsPeer
) -> None:
    [team] = ok(alice.get("/api/teams"))["items"]
    metrics = js.connect(server.url, "/ws/analytics", auth={"token": alice.token})
    people = js.connect(server.url, auth={"token": alice.token})
    assert people.emit("join-team", team["id"])["ok"]
    bobs = js.connect(server.url, auth={"token": bob.token})
    task = ok(alice.post("/api/tasks", {"title": "To and fro", "assigneeId": alice.user["id"]}))["id"]
    began = monotonic()
    for presence in ("away", "online") * 6:
        bobs.emit("presence-set", {"status": presence})
        for status in ("done", "todo"):
            ok(alice.patch(f"/api/tasks/{task}/status", {"status": status}))
        news = {"userId": bob.user["id"], "status": presence}
        people.wait_for("presence-changed", partial(_says, news))
    seconds = monotonic() - began
    assert len(metrics.heard("productivity-updated")) <= seconds + 2


def _says(values: dict[str, str], payload: dict[str, str]) -> bool:
    return values.items() <= payload.items()
