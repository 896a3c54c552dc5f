"""Two processes, one PostgreSQL and one Redis act as one server."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.e2e.conftest import Env
from tests.e2e.scenarios import World, ok
from tests.support.api import Api
from tests.support.crowd import at_once
from tests.support.demo import GENEROUS
from tests.support.js_client import JsClient, JsPeer
from tests.support.raw_socket import Closed, RawSocket
from tests.support.server import ROOT, Server

TYPING_SECONDS = 2.0

# A process that serves no sockets, with neither greenlets nor threads of ours: a worker, or a Flask CLI command.
COMMAND = "import flask, wsgi; from app.extensions import socketio\nwith wsgi.app.app_context():\n    {}"


@pytest.fixture(scope="module")
def settings() -> Env:
    return GENEROUS | {"TYPING_SECONDS": str(TYPING_SECONDS)}


@pytest.fixture(scope="module")
def world(here: Server) -> World:
    """The demo users, who make their requests here."""
    return World.at(here.url)


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


# --- chat


@pytest.fixture
def typist(here: Server, world: World, js: JsPeer) -> JsClient:
    """A socket of bob here, which types."""
    return js.connect(here.url, auth={"token": world.bob.token})


@pytest.fixture
def readers(here: Server, there: Server, world: World, js: JsPeer) -> list[JsClient]:
    """A socket of alice in each process."""
    return [js.connect(server.url, "/ws/chat", auth={"token": world.alice.token}) for server in (here, there)]


def typing_of(socket: JsClient) -> list[bool]:
    return [heard.args[0]["typing"] for heard in socket.heard("user-typing")]


def begin_to_type(typist: JsClient, readers: list[JsClient], world: World) -> dict[str, str]:
    """Have it heard in both processes; returns the argument of the command."""
    where = {"conversationId": world.conversation}
    assert typist.emit("typing-start", where)["ok"]
    for reader in readers:
        assert reader.wait_for("user-typing")[0] == where | {"userId": world.bob.user["id"], "typing": True}
    return where


def heard_the_end_once(readers: list[JsClient], since: float) -> None:
    """All hear the end before typing would end by itself, and nothing more when it would have."""
    for reader in readers:
        assert reader.wait_for("user-typing")[0]["typing"] is False
    assert time.monotonic() - since < TYPING_SECONDS
    time.sleep(max(0.0, since + 1.2 * TYPING_SECONDS - time.monotonic()))
    assert [typing_of(reader) for reader in readers] == [[True, False]] * len(readers)


def test_typing_that_began_here_stops_there(
    there: Server, typist: JsClient, readers: list[JsClient], world: World, js: JsPeer
) -> None:
    other_device = js.connect(there.url, "/ws/chat", auth={"token": world.bob.token})
    began = time.monotonic()
    where = begin_to_type(typist, readers, world)
    assert other_device.emit("typing-stop", where)["ok"]
    heard_the_end_once(readers, began)
    assert typing_of(other_device) == []


def test_who_stops_and_begins_again_in_one_breath_is_typing(
    typist: JsClient, readers: list[JsClient], world: World
) -> None:
    where = begin_to_type(typist, readers, world)
    for command in ("typing-stop", "typing-start"):
        typist.emit_no_ack(command, where)
    for reader in readers:
        assert [reader.wait_for("user-typing")[0]["typing"] for _ in range(2)] == [False, True]
    assert typist.emit("typing-stop", where)["ok"]
    for reader in readers:
        assert reader.wait_for("user-typing")[0]["typing"] is False


def test_a_message_written_there_ends_the_typing_here(
    there: Server, typist: JsClient, readers: list[JsClient], world: World
) -> None:
    began = time.monotonic()
    where = begin_to_type(typist, readers, world)
    path = f"/api/chat/conversations/{where['conversationId']}/messages"
    ok(world.bob.at(there.url).post(path, {"content": "Done"}))
    heard_the_end_once(readers, began)


def test_typing_ends_everywhere_with_its_socket(typist: JsClient, readers: list[JsClient], world: World) -> None:
    began = time.monotonic()
    begin_to_type(typist, readers, world)
    typist.close()
    for reader in readers:
        assert reader.wait_for("user-typing")[0]["typing"] is False
    assert time.monotonic() - began < TYPING_SECONDS


def test_many_key_presses_are_one_beginning_and_one_end(
    typist: JsClient, readers: list[JsClient], world: World
) -> None:
    where = begin_to_type(typist, readers, world)
    until = time.monotonic() + 1.2 * TYPING_SECONDS
    while time.monotonic() < until:
        typist.emit_no_ack("typing-start", where)
        time.sleep(0.05)
    assert [typing_of(reader) for reader in readers] == [[True]] * 2
    for reader in readers:
        assert reader.wait_for("user-typing", timeout=2 * TYPING_SECONDS)[0]["typing"] is False
        assert typing_of(reader) == [True, False]


def test_who_typed_in_a_process_that_was_killed_types_no_longer(
    env: Env, readers: list[JsClient], world: World, js: JsPeer, tmp_path: Path
) -> None:
    with Server(tmp_path, env) as third:
        typist = js.connect(third.url, auth={"token": world.bob.token}, reconnection=False)
        begin_to_type(typist, readers, world)
        third.kill9()
    for reader in readers:
        assert reader.wait_for("user-typing", timeout=3 * TYPING_SECONDS)[0]["typing"] is False


def test_reading_on_one_device_is_known_on_the_other_and_to_the_sender(
    there: Server, typist: JsClient, readers: list[JsClient], world: World
) -> None:
    path, id = f"/api/chat/conversations/{world.conversation}", world.message("Read me")
    assert typist.emit("join-chat", world.conversation)["ok"]
    for reader in readers:
        reader.wait_for("new-message", where=lambda payload: payload["id"] == id)
    assert ok(world.alice.get(path))["unreadCount"] > 0
    mark = ok(world.alice.at(there.url).post(f"{path}/read", {"messageId": id}))
    for socket in (*readers, typist):
        assert socket.wait_for("message-read")[0] == mark
    assert mark["userId"] == world.alice.user["id"]
    for seen in (ok(world.alice.get(path)), *ok(world.alice.at(there.url).get(path.rpartition("/")[0]))["items"][-1:]):
        assert seen["unreadCount"] == 0
        assert {field: mark[field] for field in ("userId", "messageId", "readAt")} in seen["reads"]


def test_two_who_begin_a_direct_conversation_in_two_processes_begin_one(there: Server, world: World) -> None:
    path, alice, manager = "/api/chat/conversations", world.alice, world.manager.at(there.url)
    by_alice = partial(alice.post, path, {"participantIds": [manager.user["id"]]})
    by_manager = partial(manager.post, path, {"participantIds": [alice.user["id"]]})
    begun = [ok(answer) for answer in at_once(*[by_alice, by_manager] * 3)]
    assert len({conversation["id"] for conversation in begun}) == 1
    assert all(conversation["direct"] for conversation in begun)


def test_repeats_of_a_request_in_both_processes_at_once_create_once(there: Server, world: World) -> None:
    here = partial(world.alice.post, "/api/tasks", {"title": "One"}, {"Idempotency-Key": "at once"})
    elsewhere = partial(world.alice.at(there.url).post, *here.args)
    answers = [ok(answer) for answer in at_once(*[here, elsewhere] * 4)]
    assert len({task["id"] for task in answers}) == 1


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
