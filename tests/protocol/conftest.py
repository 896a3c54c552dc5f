"""The drop-in application as a server: once a test process for Engine.IO, for its heartbeat, and for Socket.IO."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.bare_websocket import BareWebSocket
from tests.support.frames import CLOSE, TEXT, Frame
from tests.support.polling import Polling
from tests.support.server import Server

DROPIN = (sys.executable, "-m", "tests.support.dropin")
HEARTBEAT = {"ping_interval": 0.3, "ping_timeout": 0.2}
CONNECT_TIMEOUT = 1.0  # seconds

Open = Callable[..., BareWebSocket]


def enter(client: BareWebSocket, namespace: str = "") -> None:
    """Come into a namespace, whose handler of connect emits `auth`; which is heard first matters elsewhere.

    :param namespace: with its comma, unless it is the main one
    """
    client.text(f"40{namespace}")
    heard = sorted([client.next_text(), client.next_text()])
    assert heard[0].startswith(f'40{namespace}{{"sid":'), heard
    assert heard[1] == f'42{namespace}["auth",{{}}]'


def assert_ends(ws: BareWebSocket) -> None:
    """The server closes, with a close packet and a Close frame or without them, and says nothing else."""
    said = [frame for frame in ws.rest() if frame != Frame(TEXT, b"1")]
    assert [frame.opcode for frame in said] in ([], [CLOSE]), said


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


@pytest.fixture(scope="session")
def socketio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Socket.IO, whose clients are to connect to a namespace within a second. No ping comes while a test runs."""
    with Server(tmp_path_factory.mktemp("socketio"), options(connect_timeout=CONNECT_TIMEOUT), DROPIN) as running:
        yield running


@pytest.fixture
def polling(echo: Server) -> Iterator[Polling]:
    """A session over polling."""
    with Polling(echo.url) as session:
        yield session


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


@pytest.fixture
def stranger(socketio: Server) -> Iterator[BareWebSocket]:
    """A session with the Socket.IO server, connected to no namespace."""
    with BareWebSocket(socketio.url) as connection:
        connection.opened()
        yield connection


@pytest.fixture
def client(stranger: BareWebSocket) -> BareWebSocket:
    """A client of the main namespace."""
    enter(stranger)
    return stranger
