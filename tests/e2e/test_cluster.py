"""Two processes, one PostgreSQL and one Redis act as one server."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import pytest

from tests.e2e.conftest import GENEROUS
from tests.e2e.scenarios import World, ok
from tests.support.api import Api
from tests.support.js_client import JsClient, JsPeer
from tests.support.raw_socket import Closed, RawSocket
from tests.support.server import ROOT, Server
from tests.support.services import PostgreSQL, Redis

Env = dict[str, str]

# A process that serves no sockets, with neither greenlets nor threads of ours: a worker, or a Flask CLI command.
COMMAND = "import flask, wsgi; from app.extensions import socketio\nwith wsgi.app.app_context():\n    {}"


@pytest.fixture(scope="module")
def env(postgresql: PostgreSQL, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Env]:
    with postgresql.database() as database:
        instance = tmp_path_factory.mktemp("instance")  # holds the secrets, which both need
        yield GENEROUS | {"DATABASE_URL": database, "REDIS_URL": redis_server.url, "INSTANCE_PATH": str(instance)}


@pytest.fixture(scope="module")
def here(env: Env, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("here"), env) as running:
        yield running


@pytest.fixture(scope="module")
def there(here: Server, env: Env, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    del here  # it makes the tables and the demo data
    with Server(tmp_path_factory.mktemp("there"), env) as running:
        yield running


@pytest.fixture(scope="module")
def world(here: Server) -> World:
    """The demo users, who make their requests here."""
    return World(*(Api.as_demo_user(here.url, name) for name in ("admin", "manager", "alice", "bob")))


@pytest.fixture
def listener(there: Server, world: World, js: JsPeer) -> JsClient:
    """A socket of alice there."""
    return listening(there, world, js)


def listening(server: Server, world: World, js: JsPeer, **options: Any) -> JsClient:
    socket = js.connect(server.url, auth={"token": world.alice.token}, **options)
    assert socket.emit("join-notifications", world.alice.user["id"])["ok"]
    return socket


def notify(api: Api, world: World, title: object) -> None:
    form = {"userId": world.alice.user["id"], "type": "note", "title": str(title), "message": "-"}
    ok(api.post("/api/notifications", form))


def titled(title: object) -> Callable[[Any], bool]:
    return lambda payload: payload["title"] == str(title)


def titles(socket: JsClient) -> list[str]:
    return [heard.args[0]["title"] for heard in socket.heard("new-notification")]


def offsets(socket: JsClient) -> list[int]:
    return [int(heard.args[-1]) for heard in socket.heard("new-notification")]


def run(env: Env, statement: str) -> None:
    subprocess.run(
        [sys.executable, "-c", COMMAND.format(statement)],
        cwd=ROOT,
        env={"PATH": ""} | env,
        check=True,
        capture_output=True,
        timeout=30,
    )


# --- everybody hears everything


def test_a_request_here_is_heard_there(listener: JsClient, world: World) -> None:
    notify(world.alice, world, "across")
    listener.wait_for("new-notification", where=titled("across"))


def test_each_event_is_heard_once_in_the_same_order_by_both(
    here: Server, there: Server, listener: JsClient, world: World, js: JsPeer
) -> None:
    near = listening(here, world, js)
    elsewhere = Api(there.url, world.alice.token)
    for number in range(20):
        notify(world.alice if number % 2 else elsewhere, world, f"order {number}")
    for socket in (near, listener):
        socket.wait_for("new-notification", where=titled("order 19"))
        assert titles(socket) == [f"order {number}" for number in range(20)]
    assert offsets(near) == offsets(listener)


def test_a_metric_is_told_of_once_a_second_whichever_process_it_is_changed_by(
    here: Server, there: Server, world: World, js: JsPeer
) -> None:
    listeners = [js.connect(server.url, "/ws/analytics", auth={"token": world.bob.token}) for server in (here, there)]
    apis = [world.bob, Api(there.url, world.bob.token)]
    began, changes = monotonic(), 6
    for number in range(changes):
        ok(apis[number % 2].post("/api/tasks", {"title": "One more", "assigneeId": world.bob.user["id"]}))
    for socket in listeners:
        socket.wait_for("productivity-updated", where=lambda payload: payload["assigned"] == changes)
        assert len(socket.heard("productivity-updated")) <= 2 + int(monotonic() - began)


def test_an_ephemeral_event_of_a_socket_here_is_heard_there(
    here: Server, there: Server, world: World, js: JsPeer
) -> None:
    far = js.connect(there.url, auth={"token": world.alice.token})
    near = js.connect(here.url, auth={"token": world.bob.token})
    for socket in (far, near):
        assert socket.emit("join-chat", world.conversation)["ok"]
    assert near.emit("typing-start", {"conversationId": world.conversation})["ok"]
    assert far.wait_for("user-typing")[0]["userId"] == world.bob.user["id"]


def test_a_worker_without_sockets_is_heard_in_both(
    env: Env, here: Server, listener: JsClient, world: World, js: JsPeer
) -> None:
    near = listening(here, world, js)
    room = f"notifications-{world.alice.user['id']}"
    run(env, f"socketio.emit('plain', {{'by': 'worker', 'bytes': 1}}, to={room!r})")
    for socket in (near, listener):
        assert socket.wait_for("plain") == [{"by": "worker", "bytes": 1}]


def test_what_a_worker_commits_is_heard_in_both(
    env: Env, here: Server, listener: JsClient, world: World, js: JsPeer
) -> None:
    near = listening(here, world, js)
    event = f"NotificationDeleted(user_id={world.alice.user['id']!r}, id='by a worker', unread_count=0)"
    run(
        env,
        "from app.core.transaction import transaction; from app.events.notifications import NotificationDeleted\n"
        f"    with transaction() as tx: tx.publish({event})",
    )
    for socket in (near, listener):
        socket.wait_for("notification-deleted", where=lambda payload: payload["id"] == "by a worker")


# --- what ends here ends there


def test_a_member_removed_here_leaves_the_room_there(there: Server, world: World, js: JsPeer) -> None:
    far = js.connect(there.url, auth={"token": world.alice.token})
    team, alice = world.team, world.alice.user["id"]
    assert far.emit("join-team", team)["ok"]
    ok(world.admin.delete(f"/api/teams/{team}/members/{alice}"))
    try:
        assert far.wait_for("room-left")[0]["room"] == f"team-{team}"
    finally:
        ok(world.admin.put(f"/api/teams/{team}/members/{alice}"))


def test_a_logout_here_ends_the_connection_there(here: Server, there: Server, js: JsPeer) -> None:
    alice = Api.as_demo_user(here.url, "alice")
    far = js.connect(there.url, auth={"token": alice.token})
    ok(alice.post("/api/auth/logout"))
    assert far.wait_disconnect() == "io server disconnect"
    assert far.heard("error")[0].args[0]["code"] == "token_revoked"


# --- going on in another process


def test_a_client_goes_on_in_the_other_process(here: Server, there: Server, world: World, js: JsPeer) -> None:
    socket = listening(here, world, js, reconnectionDelay=300)
    notify(world.alice, world, "move 0")
    socket.wait_for("new-notification", where=titled("move 0"))
    socket.move(there.url)
    for number in (1, 2):
        notify(world.alice, world, f"move {number}")
    assert socket.wait_connected(2).recovered
    notify(world.alice, world, "move 3")
    socket.wait_for("new-notification", where=titled("move 3"))
    assert titles(socket) == [f"move {number}" for number in range(4)]


def test_a_half_open_connection_here_ends_when_its_client_is_back_there(
    here: Server, there: Server, world: World
) -> None:
    auth = {"token": world.alice.token}
    with RawSocket(here.url) as dead, RawSocket(there.url) as alive:
        dead.receive()
        dead.send("40" + json.dumps(auth))
        session = json.loads(dead.receive()[2:])
        alive.receive()
        alive.send("40" + json.dumps(auth | {"pid": session["pid"]}))
        assert json.loads(alive.receive()[2:])["pid"] == session["pid"]
        with pytest.raises(Closed):
            while True:
                dead.receive()


def test_the_health_of_the_channels_goes_through_redis(here: Server) -> None:
    assert Api(here.url).get("/ws/health").json["status"] == "ok"
