"""The clients of the load test that poll, against a started server that pings often."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from app.load.plan import Actor, Plan
from app.load.polling import Polling
from app.load.run import Run
from tests.load.loop import run_apart
from tests.support.api import Api
from tests.support.proxy import Proxy
from tests.support.server import Server

PING, PONG = "2", "3"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pings = {"PING_INTERVAL_SECONDS": "0.2", "PING_TIMEOUT_SECONDS": "2"}
    with Server(tmp_path_factory.mktemp("server"), pings) as running:
        yield running


@pytest.fixture
def actor(server: Server) -> Actor:
    alice = Api.as_demo_user(server.url, "alice")
    return Actor(alice.user["id"], alice.token or "")


def test_so_many_clients_poll_as_the_plan_says_and_answer_pings(server: Server, actor: Actor) -> None:
    told: list[str] = []

    def look(what: str, *_: int) -> None:
        if what == "events":
            told[:] = Api(server.url).get("/metrics").body.decode().splitlines()

    plan = Plan(server.url, connections=5, polling=3, rate=2, duration=4, ramp=50, bound=None)
    run = Run(plan, [actor], "", look)
    run_apart(run.go())
    assert {'realtime_connections{transport="polling"} 3.0', 'realtime_connections{transport="websocket"} 2.0'} < {
        *told
    }
    assert run.outcome.faults(None) == []
    assert {transport: len(latencies) for transport, latencies in run.outcome.latencies.items()} == {
        "polling": 3 * 8,
        "WebSocket": 2 * 8,
    }


def test_a_session_keeps_two_connections_for_all_its_requests(server: Server) -> None:
    async def answer_pings(proxy: Proxy) -> tuple[set[object], set[object]]:
        link = await Polling.open(proxy.url)
        seen: list[set[object]] = []
        async for packet in link:
            if packet == PING:
                await link.send(PONG)
                seen.append(set(proxy._links))
                if len(seen) == 6:
                    break
        await link.close()
        return seen[1], seen[-1]

    with Proxy(server.port) as proxy:
        early, late = run_apart(answer_pings(proxy))
    assert len(early) == 2
    assert early == late


def test_a_session_that_was_closed_is_over_at_the_server(server: Server) -> None:
    async def come_and_go() -> str:
        link = await Polling.open(server.url)
        await link.close()
        return link._address

    address = run_apart(come_and_go())
    with pytest.raises(HTTPError) as refused:
        urlopen(address)
    assert refused.value.code == 400
    refused.value.close()


def test_sessions_differ_in_what_a_proxy_tells_clients_apart_by(server: Server) -> None:
    async def names() -> set[str]:
        links = [await Polling.open(server.url) for _ in range(3)]
        for link in links:
            await link.close()
        return {link._http.headers["User-Agent"] for link in links}

    assert len(run_apart(names())) == 3


class Greeter(BaseHTTPRequestHandler):
    """Answers, but not as Engine.IO."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"Hello")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_what_is_no_such_server_is_told() -> None:
    with HTTPServer(("127.0.0.1", 0), Greeter) as other:
        serving = Thread(target=other.serve_forever)
        serving.start()
        with pytest.raises(ConnectionError, match="what answers there is something else"):
            run_apart(Polling.open(f"http://127.0.0.1:{other.server_port}"))
        other.shutdown()
        serving.join()
