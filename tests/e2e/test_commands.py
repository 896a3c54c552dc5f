"""The unmodified JavaScript client sends each command of the catalogue, and gets the acknowledgement it promises."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from app.events.registry import COMMANDS
from tests.e2e.scenarios import World
from tests.support.api import Api
from tests.support.js_client import JsPeer
from tests.support.server import Server

Argument = Callable[[World], Any]


def own_id(world: World) -> str:
    id: str = world.alice.user["id"]
    return id


def department(world: World) -> str:
    id: str = world.alice.get("/api/departments").json["items"][0]["id"]
    return id


def in_conversation(world: World) -> dict[str, str]:
    return {"conversationId": world.conversation}


ROOMS: dict[str, Argument] = {
    "user": own_id,
    "team": lambda world: world.team,
    "department": department,
    "notifications": own_id,
    "chat": lambda world: world.conversation,
    "tasks": own_id,
    "analytics": own_id,
}
ARGUMENTS: dict[str, Argument] = {
    **{f"join-{kind}": argument for kind, argument in ROOMS.items()},
    **{f"leave-{kind}": argument for kind, argument in ROOMS.items()},
    "typing-start": in_conversation,
    "typing-stop": in_conversation,
    "presence-set": lambda _: {"status": "away"},
    "refresh-auth": lambda world: {"token": world.alice.token},
}


def test_every_command_of_the_catalogue_is_sent_by_a_test() -> None:
    assert set(ARGUMENTS) == set(COMMANDS)


@pytest.mark.parametrize("command", ARGUMENTS)
def test_the_command_is_acknowledged(command: str, world: World, server: Server, js: JsPeer) -> None:
    alice = js.connect(server.url, auth={"token": world.alice.token})
    ack = alice.emit(command, ARGUMENTS[command](world))
    jsonschema.validate(ack, COMMANDS[command].ack.model_json_schema(mode="serialization"))
    assert ack["ok"] is True


@pytest.mark.parametrize("command", ARGUMENTS)
def test_the_command_is_refused_with_a_wrong_argument(command: str, world: World, server: Server, js: JsPeer) -> None:
    alice = js.connect(server.url, auth={"token": world.alice.token})
    ack = alice.emit(command, ["nonsense"])
    assert (ack["ok"], ack["error"]["code"]) == (False, "validation_failed")


@pytest.mark.parametrize("command", ARGUMENTS)
def test_the_command_that_was_refused_without_ack_is_an_error_event(
    command: str, world: World, server: Server, js: JsPeer
) -> None:
    alice = js.connect(server.url, auth={"token": world.alice.token})
    alice.emit_no_ack(command, 42)
    (error,) = alice.wait_for("error")
    assert (error["code"], error["event"]) == ("validation_failed", command)


def test_typing_is_heard_by_the_others_and_ends_by_itself(world: World, server: Server, js: JsPeer) -> None:
    alice = js.connect(server.url, auth={"token": world.alice.token})
    bob = js.connect(server.url, "/ws/chat", auth={"token": world.bob.token})
    alice.emit("join-chat", world.conversation)
    alice.emit("typing-start", in_conversation(world))
    heard, *offset = bob.wait_for("user-typing")
    assert heard == in_conversation(world) | {"userId": own_id(world), "typing": True}
    assert len(offset) == 1
    assert bob.wait_for("user-typing", timeout=10)[0]["typing"] is False
    assert alice.heard("user-typing") == []


# --- connecting


@pytest.mark.parametrize("namespace", ["/", "/ws/notifications", "/ws/chat", "/ws/tasks", "/ws/analytics"])
@pytest.mark.parametrize("auth", [{}, {"token": "nonsense"}, {"token": ["x"]}, {"token": None}])
def test_without_a_valid_token_the_client_hears_why(
    namespace: str, auth: dict[str, Any], server: Server, js: JsPeer
) -> None:
    refused = js.open(server.url, namespace, auth=auth, reconnection=False).wait_refused()
    assert refused["data"]["code"] == "unauthenticated"
    assert refused["message"]


def test_a_token_of_an_ended_login_is_said_to_be_revoked(server: Server, js: JsPeer) -> None:
    alice = Api.as_demo_user(server.url, "alice")
    alice.post("/api/auth/logout")
    refused = js.open(server.url, auth={"token": alice.token}, reconnection=False).wait_refused()
    assert refused["data"]["code"] == "token_revoked"


def test_logout_disconnects_the_sockets_of_that_login_within_5_seconds(server: Server, js: JsPeer) -> None:
    alice = Api.as_demo_user(server.url, "alice")
    sockets = [js.connect(server.url, namespace, auth={"token": alice.token}) for namespace in ("/", "/ws/tasks")]
    alice.post("/api/auth/logout")
    for socket in sockets:
        assert socket.wait_disconnect(timeout=5) == "io server disconnect"
        ((error,),) = [heard.args for heard in socket.heard("error")]
        assert error["code"] == "token_revoked"
        assert "event" not in error
