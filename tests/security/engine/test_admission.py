"""CONNECT: who is not let in hears nothing, and who says nothing is let go."""

import json
from http import HTTPStatus
from time import monotonic, sleep
from typing import Any

import pytest

from tests.security.engine.polls import Polling
from tests.security.engine.servers import DropIn
from tests.security.engine.wire import WebSocket

CONNECT_TIMEOUT = 0.5  # seconds


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    return {"connect_timeout": CONNECT_TIMEOUT}


def refused(ws: WebSocket, auth: str) -> list[str | bytes]:
    """What a client hears to a CONNECT with this, and to a broadcast behind it, before it is let go."""
    ws.send(f"40{auth}")
    return ws.heard(CONNECT_TIMEOUT / 2)


def test_a_client_whose_connect_handler_failed_hears_no_broadcast(
    ws: WebSocket, honest: WebSocket, server: DropIn
) -> None:
    answers = refused(ws, '{"token":"raise"}')
    assert len(answers) <= 1
    assert all(str(answer).startswith("44") for answer in answers)
    server.tell("all")
    assert honest.receive() == '42["told","all"]'
    assert ws.heard() == []


@pytest.mark.parametrize("auth", ['"token"', '["token"]', " 5", "true", "[]", '""', " 0"])
def test_an_auth_that_is_no_object_is_refused_and_no_handler_sees_it(
    auth: str, ws: WebSocket, honest: WebSocket, server: DropIn
) -> None:
    before = server.calls()
    (answer,) = refused(ws, auth)
    assert isinstance(json.loads(str(answer).removeprefix("44")), dict)
    assert server.calls() == before
    server.tell("all")
    assert honest.receive() == '42["told","all"]'
    assert ws.heard() == []


@pytest.mark.parametrize("levels", [1000, 100_000])
def test_a_deep_auth_is_not_tried_again_without_it(
    levels: int, ws: WebSocket, honest: WebSocket, server: DropIn
) -> None:
    before = server.calls()["connect"]
    answers = refused(ws, '{"a":' * levels + "1" + "}" * levels)
    assert '42["auth",{}]' not in answers
    assert server.calls()["connect"] <= before + 1
    let_in = any(str(answer).startswith("40{") for answer in answers)
    server.tell("all")
    assert honest.receive() == '42["told","all"]'
    assert ws.heard() == (['42["told","all"]'] if let_in else [])


def test_a_second_connect_runs_no_handler(honest: WebSocket, server: DropIn) -> None:
    before = server.calls()["connect"]
    honest.send("40")
    honest.heard()
    assert server.calls()["connect"] == before


def test_a_client_that_never_says_connect_is_let_go(ws: WebSocket) -> None:
    began = monotonic()
    ws.ended(4 * CONNECT_TIMEOUT)
    assert monotonic() - began > CONNECT_TIMEOUT / 2


def test_a_client_that_was_refused_is_let_go(ws: WebSocket) -> None:
    ws.send("40/nope,")
    assert str(ws.receive()).startswith("44/nope,")
    ws.ended(4 * CONNECT_TIMEOUT)


def test_a_client_that_polls_and_never_says_connect_is_let_go(server: DropIn) -> None:
    polling = Polling(server.port)
    assert polling.poll().status in {200, 400}
    assert polling.post("40").status == HTTPStatus.BAD_REQUEST


def test_a_client_that_neither_polls_nor_connects_is_let_go(server: DropIn) -> None:
    before = server.sessions
    sessions = [Polling(server.port) for _ in range(20)]
    sleep(2 * CONNECT_TIMEOUT)
    assert server.sessions <= before
    assert {(session.poll().body, session.poll().status) for session in sessions} == {("1", HTTPStatus.BAD_REQUEST)}


def test_a_client_that_said_connect_stays(ws: WebSocket) -> None:
    ws.connected()
    sleep(2 * CONNECT_TIMEOUT)
    assert ws.ask("there?") == ["there?"]
