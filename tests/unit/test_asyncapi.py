"""``/asyncapi.json``."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from app.events import asyncapi
from app.events.base import Channel, Command, Event, Failure
from app.events.connection import ToOneSocket
from app.events.registry import COMMANDS, EVENTS, events_of
from tests.support.examples import example

DOCUMENT: dict[str, Any] = asyncapi.document("Title", "1.0")
MESSAGES = DOCUMENT["components"]["messages"]
SCHEMAS = DOCUMENT["components"]["schemas"]


def validator(schema: dict[str, Any]) -> Draft7Validator:
    return Draft7Validator(schema | {"components": DOCUMENT["components"]})


def refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from refs(item)
    elif isinstance(value, list):
        for item in value:
            yield from refs(item)


def resolved(ref: str) -> Any:
    found: Any = DOCUMENT
    for part in ref.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_every_reference_leads_somewhere() -> None:
    found = list(refs(DOCUMENT))
    assert len(found) > 100
    assert all(resolved(ref) for ref in found)


def test_the_server_sends_every_event_on_the_default_namespace() -> None:
    sent = {operation["title"] for operation in _operations("send", "main")}
    assert sent == set(EVENTS)


@pytest.mark.parametrize("channel", Channel)
def test_the_namespace_of_a_channel_carries_its_events(channel: Channel) -> None:
    assert DOCUMENT["channels"][channel]["address"] == f"/ws/{channel}"
    sent = {operation["title"] for operation in _operations("send", channel)}
    about_the_connection = {name for name, event in EVENTS.items() if event.channel is None}
    assert sent == {event.name for event in events_of(channel)} | about_the_connection


def test_the_server_receives_every_command() -> None:
    assert {operation["title"] for operation in _operations("receive", "main")} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_command_is_answered_with_its_ack_or_a_failure(command: type[Command]) -> None:
    reply = DOCUMENT["operations"][f"main.{command.name}"]["reply"]["messages"]
    assert [ref["$ref"].rsplit("/", 1)[-1] for ref in reply] == [command.ack.__name__, "Failure"]


def test_what_an_operation_says_is_a_message_of_its_channel() -> None:
    for operation in DOCUMENT["operations"].values():
        known = resolved(operation["channel"]["$ref"])["messages"]
        answers = operation.get("reply", {}).get("messages", [])
        names = {ref["$ref"].rsplit("/", 1)[-1] for ref in [*operation["messages"], *answers]}
        assert names <= set(known)


@pytest.mark.parametrize("empty", [False, True], ids=["filled", "empty"])
@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_what_an_event_sends_is_what_its_schema_says(event: type[Event], empty: bool) -> None:
    read = event.model_json_schema(mode="validation")
    value = example(read, read.get("$defs", {}), empty=empty)
    sent = json.loads(event.model_validate_json(json.dumps(value)).model_dump_json(by_alias=True))
    validator(MESSAGES[event.name]["payload"]).validate(sent)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_a_payload_without_one_of_its_fields_is_not_what_its_schema_says(event: type[Event]) -> None:
    schema = MESSAGES[event.name]["payload"]
    payload = example(schema, SCHEMAS)
    payload.pop(resolved(schema["$ref"])["required"][0])
    assert not validator(schema).is_valid(payload)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_command_accepts_what_its_schema_says(command: type[Command]) -> None:
    schema = MESSAGES[command.name]["payload"]
    several = schema.get("type") == "array"
    arguments = [example(item, SCHEMAS) for item in schema["items"]] if several else [example(schema, SCHEMAS)]
    assert isinstance(command.from_arguments(tuple(arguments)), command)


def test_joining_takes_an_id_and_perhaps_options() -> None:
    arguments = validator(MESSAGES["join-tasks"]["payload"])
    assert arguments.is_valid(["u"])
    assert arguments.is_valid(["u", {"since": "7"}])
    assert not arguments.is_valid(["u", {"until": "7"}])
    assert not arguments.is_valid([])


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_an_event_has_an_offset_unless_it_is_for_one_socket(event: type[Event]) -> None:
    described = "offset" in MESSAGES[event.name].get("headers", {}).get("properties", {})
    assert described is not issubclass(event, ToOneSocket)


def test_a_failure_says_what_went_wrong() -> None:
    failure = {"ok": False, "error": {"code": "forbidden", "message": "No.", "details": {}}}
    failed = validator(MESSAGES["Failure"]["payload"])
    assert failed.is_valid(failure)
    assert not failed.is_valid({"ok": False})
    assert Failure.model_validate(failure).error.code == "forbidden"


def _operations(action: str, channel: str) -> list[dict[str, Any]]:
    ref = {"$ref": f"#/channels/{channel}"}
    return [one for one in DOCUMENT["operations"].values() if one["action"] == action and one["channel"] == ref]
