"""Events that are none, and numbers that JSON has not: they end the connection, and nobody else hears of them."""

import pytest

from tests.security.engine.polls import Polling
from tests.security.engine.servers import DropIn
from tests.security.engine.wire import WebSocket

RESERVED = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]


@pytest.mark.parametrize(
    "packet",
    [
        *(f'42["{name}",{{}},{{"token":"x"}}]' for name in RESERVED),
        *(f'42/custom,["{name}"]' for name in ("connect", "disconnect")),
        "42[1]",
        "42[null]",
        '42[{"a":1}]',
        '42[["message"]]',
        "42[]",
        "42{}",
        "42",
        '420["disconnect"]',
    ],
)
def test_an_event_that_is_none_ends_the_connection_and_runs_no_handler(
    packet: str, honest: WebSocket, server: DropIn
) -> None:
    before = server.calls()
    honest.send(packet)
    honest.ended(1)
    after = server.calls()
    assert after["connect"] == before["connect"]
    assert after["disconnect"] == before["disconnect"] + 1  # of the connection that ended


def test_an_event_that_is_none_ends_a_session_that_polls(server: DropIn) -> None:
    polling = Polling(server.port).connected()
    assert polling.post('42["disconnect"]').status in {200, 400}
    assert polling.poll().status in {200, 400}
    assert polling.post("42").status == 400


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_has_not_ends_the_connection_and_nobody_hears_it(
    number: str, ws: WebSocket, honest: WebSocket
) -> None:
    ws.connected()
    honest.send('42["join","room"]')
    assert honest.ask() == []
    ws.send(f'42["tell","room",{number}]')
    ws.ended(1)
    assert honest.heard(0.2) == []


def test_a_number_too_large_for_a_float_is_not_told_on_as_infinity(ws: WebSocket, honest: WebSocket) -> None:
    ws.connected()
    honest.send('42["join","room"]')
    assert honest.ask() == []
    ws.send('42["tell","room",1e999]')
    assert not any("Infinity" in str(packet) for packet in honest.heard(0.2))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_the_server_does_not_emit_a_number_that_json_has_not(number: float, honest: WebSocket, server: DropIn) -> None:
    assert server.tell(number) == 500
    assert server.tell(1) == 200
    assert honest.receive() == '42["told",1]'


@pytest.mark.parametrize("levels", [900, 100_000])
def test_a_deep_payload_costs_its_own_connection_at_the_most(levels: int, ws: WebSocket, honest: WebSocket) -> None:
    ws.connected()
    ws.send('42["message",' + "[" * levels + "]" * levels + "]")
    ws.heard(0.2)
    assert honest.ask("there?") == ["there?"]
