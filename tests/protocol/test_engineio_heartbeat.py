"""The heartbeat of Engine.IO v4: a ping each 300 ms, which is to be answered within 200."""

import time
from collections.abc import Iterator

import pytest

from tests.support.bare_websocket import BareWebSocket
from tests.support.frames import PING, TEXT, frame
from tests.support.polling import Polling, Request
from tests.support.server import Server

INTERVAL, TIMEOUT = 0.3, 0.2
LATE = 0.4  # seconds that a busy machine may take


@pytest.fixture
def polling(beating: Server) -> Polling:
    return Polling(beating.url)


@pytest.fixture
def ws(beating: Server) -> Iterator[BareWebSocket]:
    with BareWebSocket(beating.url) as connection:
        connection.opened()
        yield connection


def test_over_polling_a_pong_keeps_the_session(polling: Polling) -> None:
    for _ in range(3):
        began = time.monotonic()
        heard = polling.get()
        assert (heard.status, heard.body) == (200, "2")
        assert INTERVAL - 0.05 < time.monotonic() - began < INTERVAL + LATE
        assert polling.post("3").status == 200
    polling.post("4hello")
    assert polling.get().body == "4hello"


def test_over_polling_a_session_ends_without_a_pong(polling: Polling) -> None:
    assert polling.get().body == "2"
    time.sleep(TIMEOUT + LATE)
    assert polling.get().status == 400
    assert polling.post("3").status == 400


def test_over_polling_a_session_ends_without_a_poll(polling: Polling) -> None:
    time.sleep(INTERVAL + TIMEOUT + LATE)
    assert polling.get().status == 400


def test_a_poll_that_is_pending_when_the_session_ends_is_answered(polling: Polling) -> None:
    assert polling.get().body == "2"
    ended = polling.get()
    assert (ended.status, ended.body) == (200, "1") or ended.status == 400
    assert polling.get().status == 400


def test_over_a_websocket_a_pong_keeps_the_session(ws: BareWebSocket) -> None:
    for _ in range(4):
        began = time.monotonic()
        assert ws.next_text() == "2"
        assert INTERVAL - 0.05 < time.monotonic() - began < INTERVAL + LATE
        ws.text("3")
    ws.text("4hello")
    assert ws.next_text() == "4hello"


def test_over_a_websocket_a_session_ends_without_a_pong(ws: BareWebSocket, beating: Server) -> None:
    began = time.monotonic()
    assert ws.next_text() == "2"
    ws.rest()
    assert INTERVAL + TIMEOUT - 0.05 < time.monotonic() - began < INTERVAL + TIMEOUT + LATE
    with BareWebSocket(beating.url) as other:
        other.opened()


@pytest.mark.parametrize("other", [frame(TEXT, b"4hello"), frame(PING, b"hello")], ids=["message", "websocket-ping"])
def test_nothing_but_a_pong_is_one(other: bytes, ws: BareWebSocket) -> None:
    began = time.monotonic()
    while ws.next().payload != b"2":
        pass
    ws.send(other)
    ws.rest()
    assert time.monotonic() - began < INTERVAL + TIMEOUT + LATE


def test_a_pong_before_the_ping_is_ignored(ws: BareWebSocket) -> None:
    ws.text("3")
    ws.text("4hello")
    assert ws.next_text() == "4hello"
    assert ws.next_text() == "2"


def test_an_upgraded_session_is_pinged_over_its_websocket(polling: Polling, beating: Server) -> None:
    with BareWebSocket(beating.url, f"EIO=4&transport=websocket&sid={polling.sid}") as ws:
        ws.send(frame(TEXT, b"2probe"), frame(TEXT, b"5"))
        assert ws.next_text() == "3probe"
        for _ in range(2):
            assert ws.next_text() == "2"
            ws.text("3")
        assert ws.next_text() == "2"
        ws.rest()
    assert Request(beating.url, polling.query).answer().status == 400


def test_a_probe_that_is_not_followed_up_does_not_keep_the_session(polling: Polling, beating: Server) -> None:
    with BareWebSocket(beating.url, f"EIO=4&transport=websocket&sid={polling.sid}") as ws:
        ws.text("2probe")
        assert ws.next_text() == "3probe"
        ws.rest()
    assert polling.get().status == 400
