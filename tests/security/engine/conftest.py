"""A drop-in server for each module, with the options that the module names."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest

from tests.security.engine.servers import DropIn
from tests.security.engine.wire import WebSocket


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    """Of `SocketIO`."""
    return {}


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    """Of its `run`."""
    return {}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, options: dict[str, Any], run: dict[str, Any]) -> Iterator[DropIn]:
    with DropIn(tmp_path_factory.mktemp("dropin"), options, run) as running:
        yield running


@pytest.fixture(autouse=True)
def lives(server: DropIn) -> Iterator[None]:
    """Whatever a test did, the process answers within a second."""
    yield
    began = monotonic()
    assert server.api.get("/health/live").status == 200
    assert monotonic() - began < 1


@pytest.fixture
def ws(server: DropIn) -> Iterator[WebSocket]:
    """A WebSocket that has not said CONNECT yet."""
    with WebSocket(server.port) as opened:
        yield opened


@pytest.fixture
def honest(server: DropIn) -> Iterator[WebSocket]:
    """A connected client, which hears what all hear."""
    with WebSocket(server.port) as opened:
        yield opened.connected()
