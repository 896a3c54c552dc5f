"""Who does not connect as one has to is nobody: refused once, or closed; it hears nothing and leaves nothing behind."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import monotonic

import pytest

from tests.security.engine.polls import Polling
from tests.security.engine.servers import Product
from tests.security.engine.wire import Closed, WebSocket
from tests.security.sockets import connect, refusal
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.demo import demo_user
from tests.support.js_client import JsClient, JsPeer

CONNECT_SECONDS = 1.0
SLACK = 4.0  # seconds
NAMESPACES = ["/", "/ws/notifications"]
NESTED = "[" * 20_000 + "]" * 20_000  # within the 64 KB of a message

WRONG_AUTHS = {
    "nothing": "",
    "an empty object": "{}",
    "a boolean": "true",
    "a string": '"%s"',
    "an array": '["%s"]',
    "an object in an array": '[{"token":"%s"}]',
    "a number": " 5",
    "a token that is an array": '{"token":["%s"]}',
    "a token that is an object": '{"token":{"token":"%s"}}',
    "a token that is nothing": '{"token":null}',
    "a token that is true": '{"token":true}',
    "a token under another name": '{"Token":"%s"}',
    "a token of 60 KB": '{"token":"' + "x" * 60_000 + '"}',
    "a session and no token": '{"pid":"x","offset":"1"}',
    "a session that is an object": '{"pid":{"a":1},"offset":[1],"token":"x"}',
}

alice = demo_user("alice", of="server", scope="module")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    env = {"CONNECT_SECONDS": str(CONNECT_SECONDS)}
    with Product(tmp_path_factory.mktemp("connecting"), env) as running:
        yield running


@pytest.fixture
def honest(server: Product, alice: Api, js: JsPeer) -> JsClient:
    """A socket of alice, which hears what there is to hear."""
    return js.connect(server.url, "/ws/notifications", auth={"token": alice.token})


@pytest.fixture(scope="module", autouse=True)
def leaves_nothing_behind(server: Product, alice: Api) -> Iterator[None]:
    """When all have gone the server holds what it held before the first of them."""
    assert alice.token
    before = held(server)
    yield
    wait_until(lambda: held(server) == before)


def held(server: Product) -> dict[str, int]:
    return {kind: number for kind, number in server.vitals().items() if kind in {"sessions", "connections", "clients"}}


def assert_unheard(ws: WebSocket, namespace: str, honest: JsClient, alice: Api) -> None:
    """Something happens that alice's socket hears; the next that the other client hears is that it is refused again."""
    tell(alice)
    honest.wait_for("new-notification")
    refusal(connect(ws, {}, namespace), namespace)


def tell(alice: Api) -> None:
    form = {"userId": alice.user["id"], "type": "note", "title": "canary", "message": "-"}
    assert alice.post("/api/notifications", form).status == 201


def packet(namespace: str, auth: str, token: str | None) -> str:
    return "40" + ("" if namespace == "/" else f"{namespace},") + auth.replace("%s", str(token))


# --- a CONNECT that is wrong


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize("auth", WRONG_AUTHS)
def test_a_wrong_auth_is_refused_once_and_hears_nothing(
    auth: str, namespace: str, server: Product, alice: Api, honest: JsClient
) -> None:
    with WebSocket(server.port) as ws:
        ws.send(packet(namespace, WRONG_AUTHS[auth], alice.token))
        answer = ws.receive()
        assert isinstance(answer, str)
        told = refusal(answer, namespace)
        assert told == {"code": "unauthenticated", "details": {}}
        assert len(answer) < 300, "what was sent is not sent back"
        assert_unheard(ws, namespace, honest, alice)


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize(
    "auth", [NESTED, f'{{"token":{NESTED}}}', f'{{"token":"%s","x":{NESTED}}}', '{"token":"%s"', "{%s}", "NaN"]
)
def test_an_auth_that_is_no_json_or_too_deep_closes_the_connection(
    auth: str, namespace: str, server: Product, alice: Api
) -> None:
    with WebSocket(server.port) as ws:
        ws.send(packet(namespace, auth, alice.token))
        assert refused_or_closed(ws)


def refused_or_closed(ws: WebSocket) -> bool:
    """Whether one CONNECT_ERROR comes, or none, and then the end; a connect of any kind is wrong."""
    packets = []
    with pytest.raises(Closed):
        while True:
            packets.append(ws.receive())
    return len(packets) <= 1 and all(str(packet).startswith("44") for packet in packets)


def test_an_auth_above_64_kb_closes_the_connection(server: Product) -> None:
    with WebSocket(server.port) as ws:
        ws.send(packet("/", '{"token":"' + "x" * 70_000 + '"}', None))
        assert ws.ended() == 1009


def test_who_was_refused_says_nothing_more(server: Product, alice: Api) -> None:
    with WebSocket(server.port) as ws:
        refusal(connect(ws, {}))
        ws.send("421" + json.dumps(["join-notifications", alice.user["id"]]))
        assert ws.heard() == []
        ws.ended(CONNECT_SECONDS + SLACK)


def test_who_was_refused_may_try_again_with_a_token(server: Product, alice: Api) -> None:
    with WebSocket(server.port) as ws:
        refusal(connect(ws, {}))
        assert connect(ws, {"token": alice.token}).startswith("40{")


# --- a handler that fails


@contextmanager
def broken(server: Product, table: str) -> Iterator[None]:
    """While the database has no such table, whoever asks it fails."""
    rename(server, table, "away")
    try:
        yield
    finally:
        rename(server, "away", table)


def rename(server: Product, before: str, after: str) -> None:
    with closing(sqlite3.connect(server.database_path, timeout=10)) as connection:
        connection.execute("PRAGMA legacy_alter_table=ON")  # what refers to it goes on to do so by its name
        connection.execute(f"ALTER TABLE {before} RENAME TO {after}")


@pytest.mark.parametrize("table", ["logins", "users"])
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_who_is_let_in_by_a_handler_that_fails_is_not_let_in(
    table: str, namespace: str, server: Product, alice: Api, honest: JsClient
) -> None:
    with WebSocket(server.port) as ws, broken(server, table):
        ws.send(packet(namespace, json.dumps({"token": alice.token}), None))
        assert refused_or_closed(ws)
    tell(alice)
    honest.wait_for("new-notification")
    assert "no such table" in server.log()
    with WebSocket(server.port) as ws:
        assert connect(ws, {"token": alice.token}).startswith("40{"), "it is well again"


# --- no CONNECT


def test_who_never_connects_is_closed(server: Product) -> None:
    with WebSocket(server.port) as ws:
        began = monotonic()
        ws.ended(CONNECT_SECONDS + SLACK)
        assert monotonic() - began > CONNECT_SECONDS / 2


def test_who_never_connects_and_polls_is_closed(server: Product) -> None:
    polling = Polling(server.port)
    assert polling.poll().status == 200
    assert polling.poll().status == 400


@pytest.mark.parametrize(
    "event",
    [
        '42["join-notifications","{id}"]',
        '421["join-user","{id}"]',
        '42/ws/notifications,["join-notifications","{id}"]',
        '42["refresh-auth",{{"token":"{token}"}}]',
        '42["presence-set",{{"status":"away"}}]',
        '451-["join-user",{{"_placeholder":true,"num":0}}]',
        '43["x"]',
        "41",
    ],
)
def test_an_event_before_connect_is_not_answered_but_closes_the_connection(
    event: str, server: Product, alice: Api
) -> None:
    with WebSocket(server.port) as ws:
        ws.send(event.format(id=alice.user["id"], token=alice.token))
        began = monotonic()
        with pytest.raises(Closed):
            ws.receive()
        assert monotonic() - began < CONNECT_SECONDS, "not because it did not connect in time"
