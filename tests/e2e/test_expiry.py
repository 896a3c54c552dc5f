"""A connection lasts as long as its token, on a server whose tokens last eight seconds."""

import time
from collections.abc import Iterator

import pytest

from tests.support.api import Api
from tests.support.js_client import JsPeer
from tests.support.server import Server

LIFETIME = 8  # seconds


@pytest.fixture(scope="module")
def brief_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("brief"), {"JWT_ACCESS_MINUTES": str(LIFETIME / 60)}) as server:
        yield server


def test_a_token_that_expires_ends_the_connection_within_5_seconds(brief_server: Server, js: JsPeer) -> None:
    alice = Api.as_demo_user(brief_server.url, "alice")
    socket = js.connect(brief_server.url, auth={"token": alice.token})
    assert socket.wait_disconnect(timeout=LIFETIME + 5) == "io server disconnect"
    assert socket.heard("error")[0].args[0]["code"] == "token_expired"


def test_an_expired_token_is_refused_as_such(brief_server: Server, js: JsPeer) -> None:
    alice = Api.as_demo_user(brief_server.url, "alice")
    js.connect(brief_server.url, auth={"token": alice.token}).wait_disconnect(timeout=LIFETIME + 5)
    refused = js.open(brief_server.url, auth={"token": alice.token}, reconnection=False).wait_refused()
    assert refused["data"]["code"] == "token_expired"


def test_refresh_auth_keeps_the_connection_past_the_expiry(brief_server: Server, js: JsPeer) -> None:
    alice, other = (Api.as_demo_user(brief_server.url, "alice") for _ in range(2))
    refreshed = js.connect(brief_server.url, auth={"token": alice.token})
    left_alone = js.connect(brief_server.url, auth={"token": other.token})
    time.sleep(LIFETIME / 2)  # a token's expiry is in whole seconds
    newer = Api.as_demo_user(brief_server.url, "alice")
    assert refreshed.emit("refresh-auth", {"token": newer.token})["ok"]
    left_alone.wait_disconnect(timeout=LIFETIME + 5)
    assert refreshed.emit("join-user", alice.user["id"])["ok"]
