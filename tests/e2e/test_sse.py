"""``/ws/<channel>`` as Server-Sent Events, from a started server."""

import json
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from app.realtime.sse import IDLE
from tests.e2e.scenarios import SCENARIOS, World, ok
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.js_client import JsPeer
from tests.support.server import Server
from tests.support.sse import EventStream, Message

Open = Callable[..., EventStream]


@pytest.fixture
def open_stream(server: Server, world: World) -> Open:
    def open_stream(channel: str, last: str | None = None) -> EventStream:
        headers = {"Authorization": f"Bearer {world.alice.token}"} | ({"Last-Event-ID": last} if last else {})
        return EventStream(server.url, f"/ws/{channel}", headers)

    return open_stream


def heard(stream: EventStream, event: str, **expected: Any) -> Message:
    """The next message of that event whose payload holds what is expected."""
    while message := stream.next():
        if message.event == event and expected.items() <= json.loads(message.data).items():
            return message
    raise AssertionError(f"the stream ended without {event}")


def is_connected(api: Api) -> bool:
    """Whether the login that it asks with has a connection."""
    return bool(next(login["connected"] for login in ok(api.get("/api/auth/logins"))["items"] if login["current"]))


@pytest.mark.parametrize(
    ("channel", "event"),
    [
        ("notifications", "new-notification"),
        ("chat", "new-message"),
        ("tasks", "task-assigned"),
        ("analytics", "productivity-updated"),
    ],
)
def test_a_stream_brings_the_events_of_its_channel(channel: str, event: str, open_stream: Open, world: World) -> None:
    with open_stream(channel) as stream:
        expected = SCENARIOS[event].cause(world)
        assert int(heard(stream, event, **expected).id) > 0


def test_a_reader_that_comes_back_hears_what_it_missed_once_and_in_order(open_stream: Open, world: World) -> None:
    with open_stream("notifications") as stream:
        last = heard(stream, "new-notification", id=world.notification()).id
    missed = [world.notification() for _ in range(3)]
    with open_stream("notifications", last) as stream:
        ids = [json.loads(message.data)["id"] for message in (stream.next() for _ in range(3)) if message]
        assert ids == missed
        new = world.notification()
        message = stream.next()
        assert message is not None
        assert json.loads(message.data)["id"] == new


@pytest.mark.parametrize("last", ["99999999", "nonsense"])
def test_a_history_that_is_too_short_is_told(last: str, open_stream: Open, world: World) -> None:
    with open_stream("notifications", last) as stream:
        message = stream.next()
        assert message is not None
        assert message.event == "gap"
        heard(stream, "new-notification", id=world.notification())


def test_a_reader_that_comes_back_without_having_heard_anything_hears_what_it_missed(
    open_stream: Open, world: World
) -> None:
    with open_stream("notifications") as stream:
        last = stream.last_id
    missed = world.notification()
    with open_stream("notifications", last) as stream:
        message = stream.next()
        assert message is not None
        assert (message.event, json.loads(message.data)["id"]) == ("new-notification", missed)


def test_a_reader_that_was_told_of_a_gap_is_not_told_again(open_stream: Open) -> None:
    with open_stream("notifications", "999999999") as stream:
        message = stream.next()
        assert message is not None
        assert message.event == "gap"
        last = stream.last_id
    with open_stream("notifications", last) as stream:
        assert stream.last_id == last


def test_streams_that_are_broken_off_leave_no_file_open(open_stream: Open, server: Server) -> None:
    process = psutil.Process(server.pid)
    before = process.num_fds()
    for _ in range(20):
        with open_stream("tasks"):
            pass

    wait_until(lambda: process.num_fds() < before + 10)


def test_a_conversation_begun_later_is_heard_and_one_that_was_left_is_not(open_stream: Open, world: World) -> None:
    alice, path = world.alice.user["id"], "/api/chat/conversations"
    with open_stream("chat") as stream:
        chat = ok(world.bob.post(path, {"title": "New", "participantIds": [alice]}))["id"]
        ok(world.bob.post(f"{path}/{chat}/messages", {"content": "first"}))
        heard(stream, "new-message", content="first")
        ok(world.bob.delete(f"{path}/{chat}/participants/{alice}"))
        ok(world.bob.post(f"{path}/{chat}/messages", {"content": "canary"}))
        new = world.message("after")
        message = stream.next()
        while message and message.event != "new-message":
            message = stream.next()
        assert message is not None
        assert json.loads(message.data)["id"] == new


def test_who_closes_a_stream_is_connected_no_more(server: Server) -> None:
    alice = Api.as_demo_user(server.url, "alice")
    with EventStream(server.url, "/ws/tasks", {"Authorization": f"Bearer {alice.token}"}):
        assert is_connected(alice)
    wait_until(lambda: not is_connected(alice), IDLE / 2)


def test_who_sends_ahead_is_not_taken_for_gone(open_stream: Open, world: World) -> None:
    with open_stream("notifications") as stream:
        stream.send_ahead(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        heard(stream, "new-notification", id=world.notification())


def test_a_stream_begins_with_who_types(open_stream: Open, server: Server, world: World, js: JsPeer) -> None:
    bob = js.connect(server.url, auth={"token": world.bob.token})
    assert bob.emit("typing-start", {"conversationId": world.conversation})["ok"]
    with open_stream("chat") as stream:
        heard(stream, "user-typing", conversationId=world.conversation, typing=True)


def test_logout_ends_the_stream(server: Server) -> None:
    alice = Api.as_demo_user(server.url, "alice")
    with EventStream(server.url, "/ws/tasks", {"Authorization": f"Bearer {alice.token}"}) as stream:
        alice.post("/api/auth/logout")
        assert stream.next() is None


def test_without_a_token_there_is_no_stream(server: Server) -> None:
    answer = Api(server.url).get("/ws/tasks", headers={"Accept": "text/event-stream"})
    assert (answer.status, answer.json["error"]["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("accept", ["application/json", "*/*", ""])
def test_without_asking_for_a_stream_one_gets_the_descriptor(accept: str, world: World) -> None:
    answer = world.alice.get("/ws/chat", headers={"Accept": accept})
    assert answer.json["namespace"] == "/ws/chat"
