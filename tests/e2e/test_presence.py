"""Presence, as colleagues at two processes see it: real JavaScript clients, one PostgreSQL and one Redis."""

import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import psycopg2
import pytest

from app.events.registry import EVENTS
from tests.e2e.conftest import Env
from tests.e2e.scenarios import World, ok
from tests.support.api import Api
from tests.support.demo import GENEROUS
from tests.support.js_client import JsClient, JsPeer
from tests.support.server import Server

GRACE = 1.0  # seconds
QUICK = GENEROUS | {
    "PRESENCE_GRACE_SECONDS": str(GRACE),
    "PING_INTERVAL_SECONDS": "1",
    "PING_TIMEOUT_SECONDS": "1",
}
PRESENCE = "presence-changed"
SILENT = 21  # seconds without a sign of life, after which a process is dead; a test moves its last one back by that


@pytest.fixture(scope="module")
def settings() -> Env:
    return QUICK


@pytest.fixture(scope="module")
def world(here: Server) -> World:
    """The demo users, who make their requests here."""
    return World.at(here.url)


@pytest.fixture
def alice(here: Server, world: World, js: JsPeer) -> JsClient:
    """Alice's socket here, in the team's room; it has heard of her own coming, and bob is offline."""
    wait_until_offline(world.alice, world.bob)
    return in_team(here, world, js)


def in_team(server: Server, world: World, js: JsPeer) -> JsClient:
    socket = js.connect(server.url, auth={"token": world.alice.token})
    assert socket.emit("join-team", world.team)["ok"]
    return socket


def presence(viewer: Api, *others: Api) -> list[Any]:
    ids = ",".join(other.user["id"] for other in others)
    items: list[Any] = ok(viewer.get(f"/api/presence?userIds={ids}"))["items"]
    return items


def wait_until_offline(viewer: Api, user: Api) -> None:
    deadline = time.monotonic() + 10
    while [item["status"] for item in presence(viewer, user)] != ["offline"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def hears(listener: JsClient, user: Api, status: str, timeout: float = 5) -> Any:
    def is_it(payload: Any) -> bool:
        return bool(payload["userId"] == user.user["id"] and payload["status"] == status)

    return listener.wait_for(PRESENCE, where=is_it, timeout=timeout)[0]


def statuses(listener: JsClient, user: Api) -> list[str]:
    """All that was heard of ``user`` so far."""
    payloads = [heard.args[0] for heard in listener.heard(PRESENCE)]
    return [payload["status"] for payload in payloads if payload["userId"] == user.user["id"]]


def test_a_user_comes_with_the_first_device_and_goes_with_the_last_one(
    alice: JsClient, here: Server, there: Server, world: World, js: JsPeer
) -> None:
    first = js.connect(there.url, auth={"token": world.bob.token})
    online = hears(alice, world.bob, "online")
    jsonschema.validate(online, EVENTS[PRESENCE].model_json_schema(mode="serialization"))
    assert presence(world.alice, world.bob) == [online]
    second = js.connect(here.url, "/ws/tasks", auth={"token": world.bob.token})
    first.close()
    time.sleep(GRACE + 0.5)
    second.close()
    offline = hears(alice, world.bob, "offline")
    assert offline["lastSeenAt"] > online["lastSeenAt"]
    assert presence(world.alice, world.bob) == [offline]
    assert statuses(alice, world.bob) == ["online", "offline"]


def test_a_user_is_away_when_they_are_away_from_every_device(
    alice: JsClient, here: Server, there: Server, world: World, js: JsPeer
) -> None:
    laptop = js.connect(here.url, auth={"token": world.bob.token})
    phone = js.connect(there.url, "/ws/chat", auth={"token": world.bob.token})
    hears(alice, world.bob, "online")
    assert laptop.emit("presence-set", {"status": "away"}) == {"ok": True}
    time.sleep(0.5)
    assert phone.emit("presence-set", {"status": "away"}) == {"ok": True}
    hears(alice, world.bob, "away")
    assert laptop.emit("presence-set", {"status": "online"}) == {"ok": True}
    hears(alice, world.bob, "online")
    assert statuses(alice, world.bob) == ["online", "away", "online"]


def test_a_reload_and_a_link_that_was_cut_are_not_heard(
    alice: JsClient, here: Server, there: Server, world: World, js: JsPeer
) -> None:
    page = js.connect(there.url, auth={"token": world.bob.token})
    hears(alice, world.bob, "online")
    assert page.emit("presence-set", {"status": "away"}) == {"ok": True}
    hears(alice, world.bob, "away")
    page.move(here.url)
    assert page.wait_connected(2).recovered
    time.sleep(GRACE + 0.5)
    assert statuses(alice, world.bob) == ["online", "away"]  # and still away: the session went on
    page.close()
    js.connect(there.url, auth={"token": world.bob.token}).emit("presence-set", {"status": "away"})
    time.sleep(GRACE + 0.5)
    assert "offline" not in statuses(alice, world.bob)


def test_a_stranger_hears_nothing(alice: JsClient, here: Server, there: Server, world: World, js: JsPeer) -> None:
    form = {"email": f"eve{time.time()}@example.com", "password": "a long password", "name": "Eve"}
    eve = ok(Api(here.url).post("/api/auth/register", form))
    sockets = [js.connect(here.url, space, auth={"token": eve["accessToken"]}) for space in ("/", "/ws/chat")]
    for command, id in (("join-team", world.team), ("join-chat", world.conversation)):
        assert sockets[0].emit(command, id)["error"]["code"] == "forbidden"
    js.connect(there.url, auth={"token": world.bob.token})
    hears(alice, world.bob, "online")
    assert [socket.heard(PRESENCE) for socket in sockets] == [[], []]
    assert presence(Api(here.url, eve["accessToken"]), world.bob) == []


def test_a_client_that_vanished_is_there_until_its_ping_is_missed(alice: JsClient, there: Server, world: World) -> None:
    with JsPeer() as vanishing:
        vanishing.connect(there.url, auth={"token": world.bob.token})
        hears(alice, world.bob, "online")
        os.kill(vanishing._process.pid, signal.SIGSTOP)
        try:
            hears(alice, world.bob, "offline", timeout=10)
        finally:
            os.kill(vanishing._process.pid, signal.SIGCONT)


def test_the_users_of_a_process_that_was_killed_go_offline(
    alice: JsClient, there: Server, env: Env, world: World, js: JsPeer
) -> None:
    js.connect(there.url, auth={"token": world.bob.token}, reconnection=False)
    hears(alice, world.bob, "online")
    there.kill9()
    with closing(psycopg2.connect(env["DATABASE_URL"])) as database, database, database.cursor() as cursor:
        cursor.execute(
            "UPDATE socket_processes SET seen_at = seen_at - %s * interval '1 s' WHERE id IN "
            "(SELECT process FROM socket_sessions WHERE owner = %s AND lost_at IS NULL)",
            (SILENT, world.bob.user["id"]),
        )
    offline = hears(alice, world.bob, "offline", timeout=10)
    assert presence(world.alice, world.bob) == [offline]
    assert statuses(alice, world.bob) == ["online", "offline"]


def test_those_who_were_connected_when_the_only_process_was_killed_go_offline_after_its_start(
    tmp_path: Path, js: JsPeer
) -> None:
    with Server(tmp_path, QUICK) as server:
        world = World.at(server.url)
        alice = in_team(server, world, js)
        js.connect(server.url, auth={"token": world.bob.token}, reconnection=False)
        online = hears(alice, world.bob, "online")
        server.kill9()
        with closing(sqlite3.connect(server.database_path)) as database, database:
            database.execute("UPDATE socket_processes SET seen_at = datetime(seen_at, ?)", (f"-{SILENT} seconds",))
        server.start()
        assert alice.wait_connected(2, timeout=10).recovered
        assert presence(world.alice, world.bob) == [online]
        offline = hears(alice, world.bob, "offline", timeout=10)
        assert presence(world.alice, world.bob) == [offline]
        assert statuses(alice, world.alice) in (["online"], [])
