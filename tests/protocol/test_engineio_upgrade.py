"""How a session of Engine.IO v4 goes from polling to a WebSocket, loses nothing, and never has two of them."""

import time

import pytest

from tests.protocol.conftest import Open, assert_ends
from tests.support.bare_websocket import BareWebSocket
from tests.support.frames import BINARY, TEXT, Frame, close, frame
from tests.support.polling import Polling
from tests.support.server import Server

PROBE, UPGRADE = frame(TEXT, b"2probe"), frame(TEXT, b"5")


def query(session: Polling) -> str:
    return session.query.replace("polling", "websocket")


@pytest.fixture
def ws(polling: Polling, connect: Open) -> BareWebSocket:
    """A second connection of the session, of which nothing is said yet."""
    connection = connect(query(polling))
    assert connection.status == 101
    return connection


@pytest.fixture
def probed(ws: BareWebSocket) -> BareWebSocket:
    ws.send(PROBE)
    assert ws.next_text() == "3probe"
    return ws


@pytest.fixture
def upgraded(probed: BareWebSocket) -> BareWebSocket:
    probed.send(UPGRADE, frame(TEXT, b"4upgraded"))
    assert probed.next_text() == "4upgraded"
    return probed


def assert_polls(session: Polling) -> None:
    """A noop of the upgrade may come first."""
    assert session.post("4still here").status == 200
    heard = session.get()
    if heard.body == "6":
        heard = session.get()
    assert heard.body.removeprefix("6\x1e") == "4still here"


def test_a_poll_between_probe_and_upgrade_is_answered_with_a_noop(polling: Polling, probed: BareWebSocket) -> None:
    heard = polling.get()
    assert (heard.status, heard.body) == (200, "6")
    probed.send(UPGRADE, frame(TEXT, b"4hello"))
    assert probed.next_text() == "4hello"


def test_a_pending_poll_is_answered_with_a_noop_once_the_probe_has_come(polling: Polling, ws: BareWebSocket) -> None:
    pending = polling.pending()
    ws.send(PROBE)
    assert ws.next_text() == "3probe"
    heard = pending.answer()
    assert (heard.status, heard.body) == (200, "6")
    ws.send(UPGRADE, frame(TEXT, b"4hello"))
    assert ws.next_text() == "4hello"


def test_a_pending_poll_waits_as_before_until_the_probe(polling: Polling, ws: BareWebSocket) -> None:
    pending = polling.pending()
    polling.post("4hello")
    assert pending.answer().body == "4hello"
    ws.send(PROBE, UPGRADE, frame(TEXT, b"4again"))
    assert [ws.next_text(), ws.next_text()] == ["3probe", "4again"]


def test_probe_and_upgrade_may_come_in_one_piece(polling: Polling, ws: BareWebSocket) -> None:
    ws.send(PROBE, UPGRADE)
    answer = polling.get()
    assert answer.status == 400 or answer.body == "6"  # which of the two the server reads first, nobody says
    assert ws.next_text() == "3probe"
    ws.text("4hello")
    assert ws.next_text() == "4hello"


def test_text_and_binary_come_back_over_the_websocket(upgraded: BareWebSocket) -> None:
    upgraded.text("4hello")
    upgraded.binary(b"\x01\x02")
    assert [upgraded.next(), upgraded.next()] == [Frame(TEXT, b"4hello"), Frame(BINARY, b"\x01\x02")]


def test_what_was_not_polled_before_the_upgrade_is_heard_after_it(polling: Polling, ws: BareWebSocket) -> None:
    polling.post("4first", "bAQID")
    ws.send(PROBE)
    assert ws.next_text() == "3probe"
    polling.post("4second")
    ws.send(UPGRADE, frame(TEXT, b"4third"))
    heard = [ws.next() for _ in range(4)]
    assert heard == [Frame(TEXT, b"4first"), Frame(BINARY, b"\1\2\3"), Frame(TEXT, b"4second"), Frame(TEXT, b"4third")]


def test_nothing_is_heard_over_the_websocket_before_the_upgrade(polling: Polling, probed: BareWebSocket) -> None:
    polling.post("4early")
    probed.send(close(1000))
    assert_ends(probed)
    heard = polling.get().body
    assert (polling.get().body if heard == "6" else heard.removeprefix("6\x1e")) == "4early"


def test_an_upgraded_session_is_polled_no_more(polling: Polling, upgraded: BareWebSocket) -> None:
    assert polling.get().status == 400
    assert polling.post("4stolen").status == 400
    upgraded.text("4hello")
    assert upgraded.next_text() == "4hello"


def test_a_poll_that_is_pending_at_the_upgrade_is_answered(polling: Polling, probed: BareWebSocket) -> None:
    polling.get()
    pending = polling.pending()
    probed.send(UPGRADE, frame(TEXT, b"4hello"))
    assert probed.next_text() == "4hello"
    assert pending.answer().body == "6"


# A further one "MUST be closed"; it is refused before it is one, as an unknown sid is.
def test_an_upgraded_session_has_one_websocket(polling: Polling, upgraded: BareWebSocket, connect: Open) -> None:
    assert connect(query(polling)).status == 400
    upgraded.text("4hello")
    assert upgraded.next_text() == "4hello"


@pytest.mark.parametrize("said", [b"", PROBE], ids=["silent", "probed"])
def test_one_websocket_at_a_time_is_tried(said: bytes, polling: Polling, ws: BareWebSocket, connect: Open) -> None:
    if said:
        ws.send(said)
        assert ws.next_text() == "3probe"
    assert connect(query(polling)).status == 400
    ws.send(b"" if said else PROBE, UPGRADE, frame(TEXT, b"4hello"))
    assert [ws.next_text() for _ in range(1 if said else 2)][-1] == "4hello"


@pytest.mark.parametrize(
    "packet",
    [
        frame(TEXT, b"4hello"),
        frame(TEXT, b"2"),
        frame(TEXT, b"2other"),
        frame(TEXT, b"3probe"),
        frame(TEXT, b"5"),
        frame(TEXT, b"abc"),
        frame(TEXT, b""),
        frame(BINARY, b"2probe"),
    ],
    ids=["message", "ping", "another-ping", "pong", "upgrade", "no-packet", "empty", "binary"],
)
def test_a_websocket_that_does_not_begin_with_a_probe_is_closed(
    packet: bytes, polling: Polling, ws: BareWebSocket
) -> None:
    ws.send(packet)
    assert_ends(ws)
    assert_polls(polling)


@pytest.mark.parametrize(
    "packet",
    [frame(TEXT, b"4hello"), frame(TEXT, b"3"), frame(TEXT, b"abc"), frame(BINARY, b"5"), frame(3), close(1000), b""],
    ids=["message", "pong", "no-packet", "binary", "wrong-frame", "close", "the-end"],
)
def test_an_upgrade_that_is_broken_off_leaves_the_session_at_polling(
    packet: bytes, polling: Polling, probed: BareWebSocket, connect: Open
) -> None:
    if packet:
        probed.send(packet)
    else:
        probed.finish()
    assert_ends(probed)
    assert_polls(polling)
    again = connect(query(polling))
    again.send(PROBE, UPGRADE, frame(TEXT, b"4upgraded"))
    assert [again.next_text(), again.next_text()] == ["3probe", "4upgraded"]


def test_a_session_that_ends_within_its_upgrade_ends_the_websocket(polling: Polling, probed: BareWebSocket) -> None:
    polling.post("1")
    assert_ends(probed)
    assert polling.get().status == 400


def test_sessions_of_one_server_upgrade_side_by_side(echo: Server, connect: Open) -> None:
    sessions = [Polling(echo.url) for _ in range(5)]
    sockets = [connect(query(session)) for session in sessions]
    for number, ws in enumerate(sockets):
        ws.send(PROBE, UPGRADE, frame(TEXT, f"4{number}".encode()))
    time.sleep(0.05)
    assert [[ws.next_text(), ws.next_text()] for ws in sockets] == [["3probe", f"4{number}"] for number in range(5)]
