"""``flask listen --url``: a running server, heard in a terminal as a client hears it."""

import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.cli.link import Link
from tests.e2e.scenarios import World, ok
from tests.support.api import Api
from tests.support.proxy import Proxy
from tests.support.server import ROOT, Server, free_port

FLASK = (str(Path(sys.executable).with_name("flask")), "--app", "wsgi")
STOP_SECONDS = 30.0


class Terminal:
    """A command that goes on until it is interrupted."""

    def __init__(self, server: Server, *arguments: str) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [*FLASK, *arguments], cwd=ROOT, env=server.env, stdout=pipe, stderr=pipe, text=True
        )

    def line(self) -> dict[str, Any]:
        """The next line that it prints."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self.ended()
        found: dict[str, Any] = json.loads(line)
        return found

    def interrupt(self, by: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """End it; see `ended`."""
        if self._process.poll() is None:
            self._process.send_signal(by)
        return self.ended()

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end: the exit code, and the rest of what it printed and of what it complained about."""
        out, error = self._process.communicate(timeout=STOP_SECONDS)
        return self._process.returncode, out, error


Listen = Callable[..., Terminal]


@pytest.fixture
def listen(server: Server) -> Iterator[Listen]:
    started: list[Terminal] = []

    def listen(url: str, *arguments: str) -> Terminal:
        started.append(Terminal(server, "listen", "--url", url, "--json", *arguments))
        return started[-1]

    yield listen
    for terminal in started:
        terminal.interrupt()


def room_of(world: World) -> str:
    return f"notifications-{world.alice.user['id']}"


def newest(world: World, room: str) -> str:
    """The offset of the newest event of a room of alice's."""
    after = "0"
    while items := ok(world.alice.get(f"/api/events?room={room}&after={after}&limit=100"))["items"]:
        after = items[-1]["offset"]
    return after


def logins(world: World) -> int:
    return len(ok(world.alice.get("/api/auth/logins"))["items"])


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_room_is_heard_by_a_login_that_ends_with_the_command(
    server: Server, world: World, listen: Listen, by: signal.Signals
) -> None:
    first, before = world.notification(), logins(world)
    terminal = listen(server.url, room_of(world), "--as", "alice@example.com", "--after", "0")
    while (heard := terminal.line())["payload"].get("id") != first:
        pass
    assert heard["event"] == "new-notification"
    assert logins(world) == before + 1
    second = world.notification()
    assert terminal.line()["payload"]["id"] == second
    assert terminal.interrupt(by) == (0, "", "")
    assert logins(world) == before


def test_what_happens_while_the_link_is_broken_is_heard_once_and_in_the_order_of_its_room(
    server: Server, world: World, listen: Listen
) -> None:
    rooms = room_of(world), f"tasks-{world.alice.user['id']}"
    notes, tasks = [world.notification()], []
    heard: list[tuple[str, str]] = []
    offsets: list[int] = []
    with Proxy(server.port) as proxy:
        terminal = listen(proxy.url, *rooms, "--as", "alice@example.com", "--after", newest(world, rooms[0]))

        def hear(event: str, id: str) -> None:
            while (event, id) not in heard:
                line = terminal.line()
                heard.append((line["event"], line["payload"].get("id")))
                if line["event"] == "new-notification":
                    offsets.append(int(line["offset"]))

        for _ in range(3):
            notes.append(world.notification())
            hear("new-notification", notes[-1])
            proxy.cut(100)
            notes.append(world.notification())
            tasks.append(world.task()["id"])
        notes.append(world.notification())
        hear("new-notification", notes[-1])
        hear("task-assigned", tasks[-1])
        code, _, complaints = terminal.interrupt()
    assert (code, "The link broke" in complaints) == (0, True)
    assert [id for event, id in heard if event == "new-notification" and id in notes] == notes[1:]
    assert [id for event, id in heard if event == "task-assigned"] == tasks
    assert offsets == sorted(set(offsets))


def test_what_is_not_stored_is_heard_too(server: Server, world: World, listen: Listen) -> None:
    conversation = world.conversation
    terminal = listen(server.url, f"chat-{conversation}", "--token", str(world.alice.token), "--after", "0")
    world.message("the last that is stored")
    while terminal.line()["payload"].get("content") != "the last that is stored":
        pass
    with Link(server.url, str(world.bob.token), math.inf) as bob:
        bob.emit(0, "typing-start", {"conversationId": conversation})
        while (heard := terminal.line())["event"] != "user-typing":
            pass
    assert heard["payload"] == {"conversationId": conversation, "userId": world.bob.user["id"], "typing": True}


def test_a_room_that_one_may_not_hear_is_refused(server: Server, listen: Listen) -> None:
    terminal = listen(server.url, "team-none", "--as", "alice@example.com")
    assert terminal.ended() == (1, "", "Error: team-none: You may not join this room.\n")


def test_a_login_that_is_ended_ends_the_command(server: Server, world: World, listen: Listen) -> None:
    alice = Api.as_demo_user(server.url, "alice")
    terminal = listen(server.url, room_of(world), "--token", str(alice.token), "--after", "0")
    world.notification()
    terminal.line()
    alice.post("/api/auth/logout")
    code, _, error = terminal.ended()
    assert (code, error) == (
        1,
        "The link broke (You have logged out); trying again …\nError: This login was ended; log in again.\n",
    )


def test_a_server_that_is_not_there_is_said_to_be_away(world: World, listen: Listen) -> None:
    terminal = listen(f"http://127.0.0.1:{free_port()}", room_of(world), "--token", "t")
    code, _, error = terminal.ended()
    assert (code, error.startswith("Error: No server answers at")) == (1, True)
