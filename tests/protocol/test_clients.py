"""The unmodified JavaScript client against the drop-in application: compressed, over TLS, in binary."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from socket import create_connection
from subprocess import Popen
from typing import Any

import pytest

from tests.protocol.conftest import DROPIN, options
from tests.support.js_client import JsPeer
from tests.support.server import START_SECONDS, Server

CERTIFICATE = Path(__file__).parents[1] / "support" / "localhost.pem"  # with its key; nobody else trusts it
LONG = "the same again and again, " * 400
TRANSPORTS = [["websocket"], ["polling"], ["polling", "websocket"]]


class TlsServer(Server):
    """The drop-in application over TLS."""

    def __init__(self, folder: Path) -> None:
        run = json.dumps({"certfile": str(CERTIFICATE)})
        super().__init__(folder, {"RUN": run}, DROPIN)
        self.url = f"https://127.0.0.1:{self.port}"

    def _wait_until_live(self, process: Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, self.log()
            with suppress(OSError), create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise AssertionError(self.log())


@pytest.fixture(scope="module")
def js() -> Iterator[JsPeer]:
    with JsPeer() as peer:
        yield peer


@pytest.fixture(scope="module", params=["plain", "compressed", "tls"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("clients")
    compression = options(websocket_compression=request.param == "compressed")
    with TlsServer(folder) if request.param == "tls" else Server(folder, compression, DROPIN) as running:
        yield running


@pytest.mark.parametrize("transports", TRANSPORTS, ids=str)
def test_long_and_short_messages_go_both_ways(server: Server, js: JsPeer, transports: list[str]) -> None:
    client = js.connect(server.url, transports=transports, rejectUnauthorized=False)
    client.wait_transport(transports[-1])
    for said in ("short", LONG, {"deep": [LONG, 1.5, None]}):
        assert client.emit("message-with-ack", said) == said
    client.emit_no_ack("message", LONG)
    assert client.wait_for("message-back") == [LONG]


def test_a_broadcast_is_heard_by_all_kinds_of_clients(server: Server, js: JsPeer) -> None:
    clients = [js.connect(server.url, transports=kind, rejectUnauthorized=False) for kind in TRANSPORTS]
    uncompressed: dict[str, Any] = {"transports": ["websocket"], "perMessageDeflate": False}
    clients.append(js.connect(server.url, rejectUnauthorized=False, **uncompressed))
    for client in clients:
        client.emit_no_ack("join", "room")
        client.emit("who")
    clients[0].emit_no_ack("tell", "room", LONG)
    for client in clients:
        assert client.wait_for("told") == [LONG]


def test_a_client_that_closes_is_gone_and_the_server_may_close_one(server: Server, js: JsPeer) -> None:
    client = js.connect(server.url, transports=["websocket"], rejectUnauthorized=False)
    client.emit_no_ack("good-bye")
    assert client.wait_disconnect() == "io server disconnect"
