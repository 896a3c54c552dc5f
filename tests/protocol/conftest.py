"""The drop-in application as a server: once a test process for Engine.IO, for its heartbeat, and for Socket.IO."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.bare_websocket import BareWebSocket
from tests.support.polling import Polling
from tests.support.server import Server

DROPIN = (sys.executable, "-m", "tests.support.dropin")
HEARTBEAT = {"ping_interval": 0.3, "ping_timeout": 0.2}

Open = Callable[..., BareWebSocket]


def options(**options: Any) -> dict[str, str]:
    return {"OPTIONS": json.dumps(options)}


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Engine.IO alone, which sends each message back. No ping comes while a test runs."""
    with Server(tmp_path_factory.mktemp("echo"), {"PLAIN": "1"}, DROPIN) as running:
        yield running


@pytest.fixture(scope="session")
def beating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same with a ping each 300 ms, to be answered within 200."""
    with Server(tmp_path_factory.mktemp("beating"), {"PLAIN": "1"} | options(**HEARTBEAT), DROPIN) as running:
        yield running


@pytest.fixture
def polling(echo: Server) -> Polling:
    """A session over polling."""
    return Polling(echo.url)


@pytest.fixture
def connect(echo: Server) -> Iterator[Open]:
    """Connects WebSockets, with what :class:`BareWebSocket` takes beside the URL."""
    with ExitStack() as connections:
        yield lambda *arguments, **named: connections.enter_context(BareWebSocket(echo.url, *arguments, **named))


@pytest.fixture
def ws(connect: Open) -> BareWebSocket:
    """A WebSocket whose session is open: what comes next is the answer to what the test sends."""
    connection = connect()
    connection.opened()
    return connection
