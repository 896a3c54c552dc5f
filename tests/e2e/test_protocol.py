"""The protocol over a raw WebSocket: what JavaScript clients don't send, and what they don't show."""

import json
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from app.engine.transport.complaints import EVERY
from tests.e2e.scenarios import World
from tests.support.raw_socket import Closed, RawSocket
from tests.support.server import Server


@pytest.fixture
def raw(world: World, server: Server) -> Iterator[RawSocket]:
    """A connected client of alice."""
    with RawSocket(server.url) as client:
        assert client.receive().startswith("0")
        client.send("40" + json.dumps({"token": world.alice.token}))
        assert client.receive().startswith("40")
        yield client


@pytest.mark.parametrize(
    "packet",
    [
        '42["disconnect","x"]',
        '42["connect",{},{"token":"x"}]',
        '42["connect_error"]',
        "42[1]",
        '42[{"a":1}]',
        "42[]",
        '42{"a":1}',
        '420["disconnect"]',
    ],
)
def test_an_event_that_is_none_ends_the_connection_and_runs_no_handler(packet: str, raw: RawSocket) -> None:
    raw.send(packet)
    with pytest.raises(Closed):
        while True:
            raw.receive()


@pytest.mark.parametrize("packet", ['40{"token":"\\u0000"}', '42["x","\\ud800"]', "42[", "4x"])
def test_what_is_no_packet_ends_the_connection_with_a_line_in_the_log(packet: str, server: Server) -> None:
    before = len(server.log())
    time.sleep(EVERY)
    with RawSocket(server.url) as raw:
        raw.receive()
        raw.send(packet)
        with pytest.raises(Closed):
            while True:
                raw.receive()
    assert len(server.log()[before:].splitlines()) == 1


def test_an_offer_to_compress_each_message_is_not_accepted(server: Server) -> None:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
    }
    connection.request("GET", "/socket.io/?EIO=4&transport=websocket", headers=upgrade)
    answer = connection.getresponse()
    connection.close()
    assert answer.status == 101
    assert "Sec-WebSocket-Extensions" not in answer.headers


def test_an_unknown_namespace_is_called_invalid(raw: RawSocket) -> None:
    raw.send("40/nope,{}")
    assert raw.receive() == '44/nope,{"message":"Invalid namespace"}'


def test_all_namespaces_of_a_connection_share_its_allowance_of_commands(raw: RawSocket, world: World) -> None:
    raw.send("40/ws/tasks," + json.dumps({"token": world.alice.token}))
    assert raw.receive().startswith("40/ws/tasks,")
    for number in range(90):
        raw.send(f'42{number}["leave-user","x"]')
        raw.send(f'42/ws/tasks,{number}["leave-user","x"]')
    answers = [raw.receive() for _ in range(180)]
    assert any("rate_limited" in answer for answer in answers)
