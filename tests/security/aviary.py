"""A server of the product on which canaries sing, and people who listen."""

import sys
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from tests.e2e.scenarios import ok
from tests.security.socket_client import Heard, SocketClient
from tests.support.api import Api
from tests.support.server import Server

CANARIES = (sys.executable, "-m", "tests.support.canaries")
PASSWORD = "a long password"
SETTINGS = {
    "LOGINS_PER_MINUTE": "10000",
    "REQUESTS_PER_MINUTE": "1000000",
    "COMMANDS_PER_SECOND": "10000",
    "COMMANDS_BURST": "10000",
    "RECOVERY_SECONDS": "3600",
}
NUMBERS = count(1)
SO_FAR = "so far"  # the type of the notifications with which people find out what they have heard


class Aviary(Server):
    """The product, with a route more."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SETTINGS, CANARIES)


def sing(url: str, rooms: Mapping[str, Sequence[str]]) -> None:
    """Have canaries sing, one after the other, each in its rooms."""
    ok(Api(url).post("/canaries", {"rooms": rooms}))


def person(url: str) -> Api:
    """Somebody who has just registered, and belongs nowhere."""
    number = next(NUMBERS)
    form = {"email": f"person{number}@example.com", "password": PASSWORD, "name": f"Person {number}"}
    found = Api(url)
    answer = ok(found.post("/api/auth/register", form))
    found.user, found.token = answer["user"], answer["accessToken"]
    return found


def listening(server: Server, to: Api, namespace: str = "/") -> SocketClient:
    """A socket of somebody, in the room of their notifications."""
    socket = SocketClient(server.port, to.token, namespace)
    assert socket.emit("join-notifications", to.user["id"])["ok"]
    return socket


def heard_by(socket: SocketClient, of: Api) -> list[Heard]:
    """What a socket of somebody has heard by now: they notify themselves, and what comes before that was there.

    But for who comes and goes: that is told some time later, and is nobody's doing.
    """
    number = next(NUMBERS)
    form = {"userId": of.user["id"], "type": SO_FAR, "title": str(number), "message": "-"}
    ok(of.post("/api/notifications", form))
    heard = socket.hear(lambda heard: _is_own(heard) and heard.payload["title"] == str(number))
    return [event for event in heard if not _is_own(event) and event.event != "presence-changed"]


def _is_own(heard: Heard) -> bool:
    return heard.event == "new-notification" and heard.payload["type"] == SO_FAR


def a_canary(heard: Heard) -> bool:
    """Whether it was one that sang."""
    return heard.event == "canary"


def canaries(heard: Sequence[Heard]) -> list[Any]:
    """The names of the canaries among what was heard, in order."""
    return [event.payload["called"] for event in heard if a_canary(event)]
