"""A process that is told to stop sends its clients away gently, however it is served."""

import time
from collections.abc import Iterator

import pytest

from app.engine.drain import Drain
from tests.support.api import Api
from tests.support.demo import GENEROUS, demo_user
from tests.support.js_client import JsClient, JsPeer
from tests.support.server import GUNICORN, PYTHON, Server
from tests.support.sse import EventStream

CLIENTS = 60
WINDOW = CLIENTS / 50  # seconds; so few are closed at the least rate, not over all of DRAIN_SECONDS

alice = demo_user("alice", of="server", scope="module")


@pytest.fixture(scope="module", params=[PYTHON, GUNICORN], ids=["python", "gunicorn"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("drain")
    if request.param is GUNICORN:
        with Server(folder):
            pass  # makes the tables and the demo data
    with Server(folder, GENEROUS, request.param) as running:
        yield running


@pytest.fixture
def clients(server: Server, alice: Api, js: JsPeer) -> list[JsClient]:
    """Many sockets of one user on a running server."""
    auth = {"token": alice.token}
    clients = [js.connect(server.url, auth=auth, transports=["websocket"], reconnection=False) for _ in range(CLIENTS)]
    for client in clients:
        client.wait_connected()
    return clients


@pytest.fixture
def stopping(server: Server) -> Iterator[Server]:
    """The server once it was told to stop; after the test it runs again."""
    server.terminate()
    yield server
    server.start()


def test_transports_are_closed_one_by_one_and_the_process_ends_well(clients: list[JsClient], stopping: Server) -> None:
    assert clients[0].wait_disconnect() == "transport close"
    began = time.monotonic()
    assert {client.wait_disconnect() for client in clients} == {"transport close"}
    assert time.monotonic() - began > WINDOW / 2
    assert stopping.wait() == 0
    assert time.monotonic() - began < WINDOW + Drain.GRACE, "nothing was left that the process had to wait for"


@pytest.mark.usefixtures("clients")
def test_meanwhile_it_is_not_ready_but_answers_and_lets_nobody_in(stopping: Server, alice: Api, js: JsPeer) -> None:
    while (ready := alice.get("/health/ready")).status == 200:
        pass
    assert (ready.status, ready.json["status"]) == (503, "draining")
    assert alice.get("/api/auth/me").status == 200
    assert alice.get("/socket.io/?EIO=4&transport=polling").status == 503
    late = js.open(stopping.url, auth={"token": alice.token}, reconnection=False)
    late.wait_refused()
    with EventStream(stopping.url, "/ws/tasks", {"Authorization": f"Bearer {alice.token}"}) as stream:
        assert stream.next() is None, "a stream that ends brings its reader back, which a 503 would not"
    assert stopping.wait() == 0
