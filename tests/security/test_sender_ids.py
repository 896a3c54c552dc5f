"""Whose a thing is, the server says, and not who sends it; and what production shows to whom."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.scenarios import ok
from tests.security.aviary import Aviary, heard_by, listening, person
from tests.security.routes import routes
from tests.security.socket_client import Heard
from tests.support.api import Api
from tests.support.production import production
from tests.support.server import Server

METRICS_TOKEN = "a token for Prometheus"
FOR_EVERYBODY = {
    "GET /",
    "GET /api-docs",
    "GET /api-docs/assets/{name}",
    "GET /api-docs/events",
    "GET /asyncapi.json",
    "GET /docs",
    "GET /docs/{name}",
    "GET /health/live",
    "GET /health/ready",
    "GET /login",
    "GET /push-worker.js",
    "GET /realtime.d.ts",
    "GET /swagger.json",
    "POST /api/auth/login",
    "POST /api/auth/register",
    "POST /login",
    "POST /logout",
}


# --- who sends


@pytest.fixture(scope="module")
def sender(aviary: Aviary) -> Api:
    return person(aviary.url)


@pytest.fixture(scope="module")
def other(aviary: Aviary) -> Api:
    return person(aviary.url)


@pytest.fixture(scope="module")
def chat(sender: Api, other: Api) -> str:
    id: str = ok(sender.post("/api/chat/conversations", {"participantIds": [other.user["id"]]}))["id"]
    return id


def test_what_somebody_makes_is_theirs(sender: Api, chat: str) -> None:
    me = sender.user["id"]
    task = ok(sender.post("/api/tasks", {"title": "T"}))
    note = ok(sender.post(f"/api/tasks/{task['id']}/notes", {"content": "N"}))
    message = ok(sender.post(f"/api/chat/conversations/{chat}/messages", {"content": "M"}))
    read = ok(sender.post(f"/api/chat/conversations/{chat}/read", {"messageId": message["id"]}))
    assert [task["creatorId"], note["authorId"], message["senderId"], read["userId"]] == [me] * 4


@pytest.mark.parametrize("field", ["senderId", "userId", "creatorId", "authorId"])
def test_a_message_in_the_name_of_another_is_refused_and_nobody_hears_it(
    field: str, aviary: Aviary, sender: Api, other: Api, chat: str
) -> None:
    with listening(aviary, other) as socket:
        assert socket.emit("join-chat", chat)["ok"]
        answer = sender.post(f"/api/chat/conversations/{chat}/messages", {"content": "M", field: other.user["id"]})
        assert (answer.status, list(answer.json["error"]["details"])) == (400, [field])
        assert heard_by(socket, other) == []


@pytest.mark.parametrize("command", ["typing-start", "typing-stop", "presence-set"])
def test_a_command_in_the_name_of_another_is_refused_and_nobody_hears_it(
    command: str, aviary: Aviary, sender: Api, other: Api, chat: str
) -> None:
    with listening(aviary, other) as socket, listening(aviary, sender) as forger:
        assert socket.emit("join-chat", chat)["ok"]
        taken = {"status": "away"} if command == "presence-set" else {"conversationId": chat}
        ack = forger.emit(command, taken | {"userId": other.user["id"]})
        assert (ack["ok"], list(ack["error"]["details"])) == (False, ["userId"])
        assert [heard for heard in heard_by(socket, other) if heard.event == "user-typing"] == []


def test_who_types_is_who_says_so(aviary: Aviary, sender: Api, other: Api, chat: str) -> None:
    with listening(aviary, other) as socket, listening(aviary, sender) as typist:
        assert socket.emit("join-chat", chat)["ok"]
        assert typist.emit("typing-start", {"conversationId": chat})["ok"]
        typing = Heard("user-typing", {"conversationId": chat, "userId": sender.user["id"], "typing": True})
        assert socket.hear(lambda heard: heard.event == "user-typing")[-1] == typing


@pytest.mark.parametrize("event", ["new-message", "new-notification", "task-assigned", "presence-changed", "room-left"])
def test_what_the_server_tells_a_client_can_not_tell(
    event: str, aviary: Aviary, sender: Api, other: Api, chat: str
) -> None:
    with listening(aviary, other) as socket, listening(aviary, sender) as forger:
        assert socket.emit("join-chat", chat)["ok"]
        payload: dict[str, Any] = {"conversationId": chat, "senderId": other.user["id"], "content": "M"}
        for arguments in ((payload,), (f"chat-{chat}", payload), (payload, {"room": f"chat-{chat}"})):
            assert forger.emit(event, *arguments)["error"]["code"] == "not_found"
        assert [heard for heard in heard_by(socket, other) if heard.payload.get("content") == "M"] == []


# --- what production shows


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, production_database: Path) -> Iterator[Server]:
    with production(
        tmp_path_factory.mktemp("deployed"), production_database, {"METRICS_TOKEN": METRICS_TOKEN}
    ) as running:
        yield running


def test_without_a_token_production_answers_on_the_public_routes_alone(deployed: Server) -> None:
    nobody = Api(deployed.url)
    listed = list(routes(deployed.url))
    assert {str(route) for route in listed} >= FOR_EVERYBODY
    for route in listed:
        answer = nobody.request(route.method, route.filled("quality"))
        if str(route) in FOR_EVERYBODY:
            assert answer.status != 401, str(route)
        elif str(route).startswith("GET /dashboard"):
            assert (answer.status, answer.headers["Location"].partition("?")[0]) == (302, "/login"), str(route)
        else:
            assert (answer.status, answer.json["error"]["code"]) == (401, "unauthenticated"), str(route)


def test_the_metrics_are_for_who_brings_their_token(deployed: Server) -> None:
    for brought in (None, person(deployed.url).token, "another token", METRICS_TOKEN[:-1]):
        answer = Api(deployed.url, brought).get("/metrics")
        assert (answer.status, answer.json["error"]["code"]) == (401, "unauthenticated")
    assert b"# HELP" in Api(deployed.url, METRICS_TOKEN).get("/metrics").body


def test_the_metrics_without_a_token_of_theirs_are_for_the_same_machine_alone(
    tmp_path: Path, production_database: Path
) -> None:
    with production(tmp_path, production_database) as server:
        api = Api(server.url)
        assert api.get("/metrics").status == 200
        for forwarded in ("203.0.113.9", "127.0.0.1"):
            answer = api.get("/metrics", {"X-Forwarded-For": forwarded})
            assert (answer.status, answer.json["error"]["code"]) == (403, "forbidden")
