"""The unmodified JavaScript client hears each event of the catalogue, over both transports, as the catalogue says."""

import jsonschema
import pytest

from app.events.registry import EVENTS
from tests.e2e.scenarios import BY_COMMAND, SCENARIOS, World, listen
from tests.support.js_client import JsPeer
from tests.support.server import Server

TRANSPORTS = {"websocket": ["websocket"], "polling-then-upgrade": ["polling", "websocket"]}
WITHOUT_OFFSET = {"room-left", "error"}


def test_every_event_of_the_catalogue_is_heard_by_a_test() -> None:
    assert set(SCENARIOS) | BY_COMMAND == set(EVENTS)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("event", SCENARIOS)
def test_the_event_is_heard(event: str, transport: str, world: World, server: Server, js: JsPeer) -> None:
    scenario = SCENARIOS[event]
    alice = js.connect(server.url, auth={"token": world.alice.token}, transports=TRANSPORTS[transport])
    alice.wait_transport("websocket")
    listen(alice, scenario, world)
    expected = scenario.cause(world)
    payload, *offset = alice.wait_for(event, where=lambda payload: expected.items() <= payload.items())
    jsonschema.validate(payload, EVENTS[event].model_json_schema(mode="serialization"))
    assert len(offset) == (0 if event in WITHOUT_OFFSET else 1)


@pytest.mark.parametrize("event", sorted(set(SCENARIOS) - WITHOUT_OFFSET))
def test_the_offset_is_left_out_for_clients_that_want_none(
    event: str, world: World, server: Server, js: JsPeer
) -> None:
    alice = js.connect(server.url, auth={"token": world.alice.token, "recovery": False})
    listen(alice, SCENARIOS[event], world)
    expected = SCENARIOS[event].cause(world)
    assert len(alice.wait_for(event, where=lambda payload: expected.items() <= payload.items())) == 1


def test_offsets_grow_with_every_event(world: World, server: Server, js: JsPeer) -> None:
    alice = js.connect(server.url, auth={"token": world.alice.token})
    alice.emit("join-notifications", world.alice.user["id"])
    for _ in range(3):
        world.notification()
    offsets = [int(alice.wait_for("new-notification")[-1]) for _ in range(3)]
    assert offsets == sorted(set(offsets))


def test_a_client_that_only_polls_hears_events_too(world: World, server: Server, js: JsPeer) -> None:
    alice = js.connect(server.url, auth={"token": world.alice.token}, transports=["polling"])
    alice.emit("join-notifications", world.alice.user["id"])
    id = world.notification()
    alice.wait_for("new-notification", where=lambda payload: payload["id"] == id)
    assert alice.transport == "polling"


@pytest.mark.parametrize(
    ("namespace", "event"),
    [
        ("/ws/notifications", "new-notification"),
        ("/ws/chat", "new-message"),
        ("/ws/tasks", "task-assigned"),
        ("/ws/analytics", "productivity-updated"),
    ],
)
def test_the_namespace_of_a_channel_hears_it_without_joining(
    namespace: str, event: str, world: World, server: Server, js: JsPeer
) -> None:
    alice = js.connect(server.url, namespace, auth={"token": world.alice.token})
    expected = SCENARIOS[event].cause(world)
    alice.wait_for(event, where=lambda payload: expected.items() <= payload.items())
