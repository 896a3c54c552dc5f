"""What one user, one address and one connection may have, and that others notice nothing of who wants more."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import pytest

from tests.security.engine.wire import WebSocket
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.demo import GENEROUS
from tests.support.js_client import JsPeer
from tests.support.server import Server
from tests.support.sse import EventStream

MOST_OF_USER, MOST_OF_ADDRESS, ROOMS = 3, 20, 3
OPEN = "/socket.io/?EIO=4&transport=polling"
SETTINGS = {
    "CONNECTIONS_PER_USER": str(MOST_OF_USER),
    "CONNECTIONS_PER_ADDRESS": str(MOST_OF_ADDRESS),
    "ROOMS_PER_SOCKET": str(ROOMS),
    "TRUSTED_PROXIES": "1",
    "CONNECT_SECONDS": "1",
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("strict"), GENEROUS | SETTINGS) as running:
        yield running


def statuses(server: Server, times: int, forwarded_for: str) -> list[int]:
    """How so many sessions are answered that one address opens."""
    headers = {"X-Forwarded-For": forwarded_for}
    return [Api(server.url).get(OPEN, headers=headers).status for _ in range(times)]


def test_an_address_may_have_so_many_connections(strict: Server) -> None:
    assert statuses(strict, MOST_OF_ADDRESS + 2, "192.0.2.1") == [200] * MOST_OF_ADDRESS + [429] * 2
    assert statuses(strict, 1, "192.0.2.2") == [200]


def test_who_is_refused_is_told_when_to_come_again(strict: Server) -> None:
    answers = [Api(strict.url).get(OPEN, headers={"X-Forwarded-For": "192.0.2.3"}) for _ in range(MOST_OF_ADDRESS + 1)]
    assert answers[-1].headers["Retry-After"] == "10"
    assert answers[-1].json["message"] == "Too many connections from your address"


def test_an_address_that_a_client_makes_up_does_not_count(strict: Server) -> None:
    """One proxy is trusted: the last address is the one that it saw."""
    made_up = [f"198.51.100.{number}, 192.0.2.4" for number in range(MOST_OF_ADDRESS + 1)]
    assert [statuses(strict, 1, forged) for forged in made_up] == [[200]] * MOST_OF_ADDRESS + [[429]]


def test_the_addresses_of_one_ipv6_network_count_together(strict: Server) -> None:
    found = [statuses(strict, 1, f"2001:db8:1:2::{number}") for number in range(MOST_OF_ADDRESS + 1)]
    assert found == [[200]] * MOST_OF_ADDRESS + [[429]]
    assert statuses(strict, 1, "2001:db8:1:3::1") == [200]


def test_a_connection_that_is_over_counts_no_more(strict: Server) -> None:
    statuses(strict, MOST_OF_ADDRESS, "192.0.2.5")
    wait_until(lambda: statuses(strict, 1, "192.0.2.5") == [200], timeout=10)  # they did not CONNECT within a second


Connect = Callable[..., tuple[WebSocket, list[str]]]
"""Opens a connection with a token, and connects to namespaces; how each is answered comes with it."""


@pytest.fixture
def connect() -> Iterator[Connect]:
    with ExitStack() as open_ones:

        def connect(server: Server, token: str | None, *namespaces: str) -> tuple[WebSocket, list[str]]:
            ws = open_ones.enter_context(WebSocket(server.port))
            answers = []
            for namespace in namespaces or ("",):
                ws.send(f"40{namespace}{json.dumps({'token': token})}")
                answers.append(str(ws.receive()))
            return ws, answers

        yield connect


def test_a_user_may_have_so_many_connections(strict: Server, js: JsPeer, connect: Connect) -> None:
    alice, bob = (Api.as_demo_user(strict.url, name) for name in ("alice", "bob"))
    first, *_ = [js.connect(strict.url, auth={"token": alice.token}) for _ in range(MOST_OF_USER)]
    refused = js.open(strict.url, auth={"token": alice.token}).wait_refused()
    assert refused["message"] == f"You have {MOST_OF_USER} connections; close one of them first."
    assert refused["data"]["code"] == "rate_limited"
    js.connect(strict.url, auth={"token": bob.token})
    first.close()
    wait_until(lambda: connect(strict, alice.token)[1][0].startswith("40{"))


def test_streams_of_events_count_as_well(strict: Server) -> None:
    bob = Api.as_demo_user(strict.url, "bob")
    bearer = {"Authorization": f"Bearer {bob.token}"}
    with ExitStack() as open_ones:
        for _ in range(MOST_OF_USER):
            open_ones.enter_context(EventStream(strict.url, "/ws/tasks", bearer))
        answer = bob.get("/ws/tasks", headers={"Accept": "text/event-stream"})
    assert (answer.status, answer.json["error"]["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_further_namespaces_are_no_further_connections(strict: Server, connect: Connect) -> None:
    manager = Api.as_demo_user(strict.url, "manager")
    namespaces = ("", "/ws/chat,", "/ws/tasks,", "/ws/analytics,", "/ws/notifications,")
    for _ in range(MOST_OF_USER):
        _, answers = connect(strict, manager.token, *namespaces)
        assert [answer[:2] for answer in answers] == ["40"] * 5


def test_a_socket_may_join_so_many_rooms(strict: Server, js: JsPeer) -> None:
    admin = Api.as_demo_user(strict.url, "admin")
    users = [user["id"] for user in admin.get("/api/users").json["items"]]
    socket = js.connect(strict.url, auth={"token": admin.token})
    acks = [socket.emit("join-tasks", id) for id in users]
    assert [ack["ok"] for ack in acks][: ROOMS + 1] == [True] * ROOMS + [False]
    assert acks[-1]["error"]["code"] == "rate_limited"


def test_2000_commands_in_a_second_are_refused_and_then_the_client_is_sent_away(alice: Api, js: JsPeer) -> None:
    flooding = js.connect(alice.url, auth={"token": alice.token}, reconnection=False)
    for _ in range(2000):
        flooding.emit_no_ack("typing-stop", {"conversationId": "none"})
    assert flooding.wait_disconnect() == "io server disconnect"
    codes = [heard.args[0]["code"] for heard in flooding.heard("error")]
    assert codes.count("forbidden") < 200
    assert set(codes) == {"forbidden", "rate_limited"}
    assert "event" not in flooding.heard("error")[-1].args[0], "the last one says why it was sent away"


def test_who_is_sent_away_in_one_namespace_is_in_all(product: Server, alice: Api, connect: Connect) -> None:
    ws, _ = connect(product, alice.token, "", "/ws/chat,")
    for _ in range(2000):
        ws.send('42["typing-stop",{"conversationId":"none"}]')
    endings = {"41", "41/ws/chat,"}
    while endings:
        endings -= {str(ws.receive())}


def test_others_notice_nothing_of_one_who_floods(
    product: Server, alice: Api, bob: Api, js: JsPeer, connect: Connect
) -> None:
    honest = js.connect(product.url, auth={"token": bob.token})
    took = []
    for _ in range(5):
        ws, _ = connect(product, alice.token)
        for _ in range(2000):
            ws.send('42["typing-stop",{"conversationId":"none"}]')
        began = monotonic()
        assert honest.emit("join-tasks", bob.user["id"])["ok"]
        took.append(monotonic() - began)
    assert max(took) < 1


def test_the_connections_of_a_user_share_what_the_user_may_send(tmp_path: Path, js: JsPeer) -> None:
    with Server(tmp_path, GENEROUS | {"USER_COMMANDS_PER_SECOND": "1", "USER_COMMANDS_BURST": "4"}) as server:
        alice, bob = (Api.as_demo_user(server.url, name) for name in ("alice", "bob"))
        one, other = (js.connect(server.url, auth={"token": alice.token}) for _ in range(2))
        acks = [socket.emit("join-tasks", alice.user["id"]) for socket in (one, one, one, other, other, other)]
        assert [ack["ok"] for ack in acks[:4]] == [True] * 4
        assert "rate_limited" in {ack["error"]["code"] for ack in acks[4:] if not ack["ok"]}
        assert js.connect(server.url, auth={"token": bob.token}).emit("join-tasks", bob.user["id"])["ok"]
