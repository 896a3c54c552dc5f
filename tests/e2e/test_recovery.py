"""The unmodified JavaScript client goes on where it was: after a cut link, and after a crash of the server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.scenarios import World, ok
from tests.support.js_client import JsClient, JsPeer
from tests.support.server import Server


def notify(world: World, number: int) -> None:
    form = {"userId": world.alice.user["id"], "type": "note", "title": str(number), "message": "-"}
    ok(world.alice.post("/api/notifications", form))


def titled(number: int) -> Callable[[Any], bool]:
    return lambda payload: payload["title"] == str(number)


def titles(socket: JsClient) -> list[str]:
    return [heard.args[0]["title"] for heard in socket.heard("new-notification")]


def listening(world: World, server: Server, js: JsPeer, **options: Any) -> JsClient:
    socket = js.connect(server.url, auth={"token": world.alice.token}, **options)
    assert socket.emit("join-notifications", world.alice.user["id"])["ok"]
    return socket


@pytest.fixture
def own_server(tmp_path: Path) -> Server:
    return Server(tmp_path)


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
def test_a_client_whose_link_was_cut_recovers_each_missed_event_once_in_order(
    transports: list[str], world: World, server: Server, js: JsPeer
) -> None:
    socket = listening(world, server, js, transports=transports, reconnectionDelay=300)
    notify(world, 0)
    socket.wait_for("new-notification")
    socket.drop()
    for number in range(1, 6):
        notify(world, number)
    assert socket.wait_connected(2).recovered
    notify(world, 6)
    socket.wait_for("new-notification", where=titled(6))
    assert titles(socket) == ["0", "1", "2", "3", "4", "5", "6"]


def test_a_client_that_had_heard_no_event_recovers(world: World, server: Server, js: JsPeer) -> None:
    socket = listening(world, server, js, reconnectionDelay=300)
    socket.drop()
    notify(world, 1)
    assert socket.wait_connected(2).recovered
    socket.wait_for("new-notification")
    assert titles(socket) == ["1"]


def test_who_comes_back_is_told_who_types(world: World, server: Server, js: JsPeer) -> None:
    alice, bob = (js.connect(server.url, auth={"token": one.token}) for one in (world.alice, world.bob))
    for socket in (alice, bob):
        assert socket.emit("join-chat", world.conversation)["ok"]
    bob.drop()
    typing = {"conversationId": world.conversation}
    assert alice.emit("typing-start", typing)["ok"]
    assert bob.wait_connected(2).recovered
    heard, *_ = bob.wait_for("user-typing")
    assert heard == typing | {"userId": world.alice.user["id"], "typing": True}


def test_the_id_of_the_socket_stays(world: World, server: Server, js: JsPeer) -> None:
    socket = listening(world, server, js)
    first = socket.connection.id
    socket.drop()
    assert socket.wait_connected(2).id == first


def test_a_client_recovers_from_a_killed_server(own_server: Server, js: JsPeer) -> None:
    with own_server as server:
        world = World.at(server.url)
        socket = listening(world, server, js)
        notify(world, 1)
        socket.wait_for("new-notification")
        for times in (2, 3):
            server.kill9()
            server.start()
            notify(world, times)
            assert socket.wait_connected(times, timeout=15).recovered
            socket.wait_for("new-notification", where=titled(times))
        assert titles(socket) == ["1", "2", "3"]


def test_a_client_that_said_good_bye_begins_anew(world: World, server: Server, js: JsPeer) -> None:
    auth = {"token": world.alice.token}
    socket = js.connect(server.url, auth=auth)
    socket.close()
    socket.reopen()
    assert not socket.wait_connected(2).recovered


def test_a_client_away_for_longer_than_the_window_begins_anew(tmp_path: Path, js: JsPeer) -> None:
    with Server(tmp_path, {"RECOVERY_SECONDS": "0.5"}) as server:
        world = World.at(server.url)
        socket = listening(world, server, js, reconnectionDelay=2000, reconnectionDelayMax=2000)
        socket.drop()
        assert not socket.wait_connected(2, timeout=10).recovered


def test_what_the_user_may_no_longer_hear_is_neither_joined_nor_replayed(
    world: World, server: Server, js: JsPeer
) -> None:
    socket = listening(world, server, js, reconnectionDelay=500, reconnectionDelayMax=500)
    team, alice = world.team, world.alice.user["id"]
    assert socket.emit("join-team", team)["ok"]
    socket.drop()
    ok(world.admin.delete(f"/api/teams/{team}/members/{alice}"))
    try:
        ok(world.bob.post("/api/tasks", {"title": "canary", "teamId": team}))
        assert socket.wait_connected(2).recovered
        ok(world.bob.post("/api/tasks", {"title": "canary", "teamId": team}))
        notify(world, 1)
        socket.wait_for("new-notification")
        assert socket.heard("task-updated") == []
    finally:
        ok(world.admin.put(f"/api/teams/{team}/members/{alice}"))


def test_the_chat_namespace_recovers_a_conversation_begun_meanwhile(world: World, server: Server, js: JsPeer) -> None:
    socket = js.connect(server.url, "/ws/chat", auth={"token": world.alice.token}, reconnectionDelay=400)
    socket.drop()
    chat = ok(world.bob.post("/api/chat/conversations", {"title": "New", "participantIds": [world.alice.user["id"]]}))[
        "id"
    ]
    ok(world.bob.post(f"/api/chat/conversations/{chat}/messages", {"content": "while you were away"}))
    assert socket.wait_connected(2).recovered
    assert socket.wait_for("new-message")[0]["content"] == "while you were away"


# --- joining with since


def test_a_room_is_caught_up_with_since_an_offset(world: World, server: Server, js: JsPeer) -> None:
    first = listening(world, server, js)
    notify(world, 0)
    offset = first.wait_for("new-notification")[-1]
    for number in (1, 2):
        notify(world, number)
    second = js.connect(server.url, auth={"token": world.alice.token})
    ack = second.emit("join-notifications", world.alice.user["id"], {"since": offset})
    assert (ack["ok"], "gap" in ack) == (True, False)
    notify(world, 3)
    second.wait_for("new-notification", where=titled(3))
    assert titles(second) == ["1", "2", "3"]


def test_an_event_that_another_room_of_the_socket_brought_is_not_repeated(
    world: World, server: Server, js: JsPeer
) -> None:
    socket = js.connect(server.url, auth={"token": world.alice.token})
    offset = socket.emit("join-tasks", world.alice.user["id"])["offset"]
    world.task(title="in both rooms")
    socket.wait_for("task-assigned")
    world.task(title="in the team's room alone", assigneeId=world.bob.user["id"])
    socket.emit("join-team", world.team, {"since": offset})
    socket.wait_for("task-assigned", where=lambda task: task["title"] == "in the team's room alone")
    assert [h.args[0]["title"] for h in socket.heard("task-assigned")].count("in both rooms") == 1


@pytest.mark.parametrize("since", ["99999999", "nonsense", "-1", "1:2"])
def test_an_offset_that_was_never_given_is_a_gap(since: str, world: World, server: Server, js: JsPeer) -> None:
    socket = js.connect(server.url, auth={"token": world.alice.token})
    ack = socket.emit("join-notifications", world.alice.user["id"], {"since": since})
    assert (ack["ok"], ack["gap"]) == (True, True)
    notify(world, 1)
    socket.wait_for("new-notification")
    assert titles(socket) == ["1"]
