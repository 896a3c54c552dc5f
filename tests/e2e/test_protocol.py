"""Packets that no JavaScript client sends, over a raw WebSocket."""

import json
from collections.abc import Iterator

import pytest

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
