"""``/asyncapi.json``: the catalogue as AsyncAPI 3.0 (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""

from functools import cache
from typing import Any

from app.events.base import Ack, Channel, Command, Event, Failure
from app.events.connection import ToOneSocket
from app.events.registry import COMMANDS, EVENTS, events_of
from app.events.schemas import Argument, CatalogueSchemas, description

MAIN = "main"

ABOUT = """Socket.IO 4 events, for unmodified `socket.io-client` 4.x:
`io(url, {auth: {token}})`, with an access token of `/api/auth/login`.

The first argument of an event is its payload; the last is its offset, described here as the header `offset`.
Commands are acknowledged: `{ok: true, …}`, or `{ok: false, error: {code, message, details}}`. A client that asks for
no acknowledgement hears the event `error` instead."""

OFFSET = """Not a header on the wire: the last argument of the event, an opaque string that says where the socket
stands. None is sent to a client that connected with `auth: {recovery: false}`."""


@cache
def document(title: str, version: str) -> dict[str, Any]:
    """Every event and every command, with what they carry, on the namespaces that know them."""
    schemas = CatalogueSchemas("#/components/schemas/{model}")
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version, "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": {"server": _server()},
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": _messages(schemas),
            "schemas": schemas.definitions,
            "securitySchemes": {"token": _token()},
        },
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{host}",
        "pathname": "/socket.io/",
        "protocol": "ws",
        "description": "Where the page comes from; behind TLS the protocol is wss. HTTP long-polling works too.",
        "variables": {"host": {"default": "127.0.0.1:3000"}},
        "security": [{"$ref": "#/components/securitySchemes/token"}],
    }


def _token() -> dict[str, Any]:
    about = "An access token. It travels as `auth.token` of the Socket.IO connect, never in a query string."
    return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": about}


def _heard_on(channel: Channel) -> list[str]:
    about_the_connection = [name for name, event in EVENTS.items() if event.channel is None]
    return [event.name for event in events_of(channel)] + about_the_connection


def _channels() -> dict[str, Any]:
    answers = dict.fromkeys(command.ack.__name__ for command in COMMANDS.values())
    everything = [*EVENTS, *COMMANDS, *answers, "Failure"]
    about_main = "The default namespace: events of the rooms that the client joins, and every command."
    return {MAIN: _channel("/", about_main, everything)} | {
        channel.value: _channel(
            channel.namespace,
            f"Events of the channel {channel.value}; the server joins their rooms by itself at connect. "
            "All commands of the default namespace work here too.",
            _heard_on(channel),
        )
        for channel in Channel
    }


def _channel(address: str, about: str, messages: list[str]) -> dict[str, Any]:
    refs = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {"address": address, "description": about, "messages": refs}


def _operations() -> dict[str, Any]:
    heard = {MAIN: list(EVENTS)} | {channel.value: _heard_on(channel) for channel in Channel}
    sent = {
        f"{channel}.{name}": {"action": "send", **_operation(channel, name, EVENTS[name])}
        for channel, names in heard.items()
        for name in names
    }
    received = {
        f"{MAIN}.{name}": {
            "action": "receive",
            **_operation(MAIN, name, command),
            "reply": {
                "channel": {"$ref": f"#/channels/{MAIN}"},
                "messages": [_on(MAIN, command.ack.__name__), _on(MAIN, "Failure")],
            },
        }
        for name, command in COMMANDS.items()
    }
    return sent | received


def _operation(channel: str, name: str, about: type[Event | Command]) -> dict[str, Any]:
    return {
        "channel": {"$ref": f"#/channels/{channel}"},
        "title": name,
        "description": description(about),
        "messages": [_on(channel, name)],
    }


def _on(channel: str, message: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{channel}/messages/{message}"}


def _messages(schemas: CatalogueSchemas) -> dict[str, Any]:
    events = {name: _event(event, schemas) for name, event in EVENTS.items()}
    commands = {name: _command(command, schemas) for name, command in COMMANDS.items()}
    acks = {command.ack.__name__: _answer(command.ack, schemas.ack(command)) for command in COMMANDS.values()}
    return events | commands | acks | {"Failure": _answer(Failure, schemas.failure)}


def _event(event: type[Event], schemas: CatalogueSchemas) -> dict[str, Any]:
    message = {"name": event.name, "description": description(event), "payload": schemas.payload(event)}
    if not issubclass(event, ToOneSocket):
        offset = {"type": "string", "description": OFFSET}
        message["headers"] = {"type": "object", "properties": {"offset": offset}}
    return message


def _command(command: type[Command], schemas: CatalogueSchemas) -> dict[str, Any]:
    arguments = schemas.arguments(command)
    payload = arguments[0].schema if len(arguments) == 1 else _in_order(arguments)
    return {"name": command.name, "description": description(command), "payload": payload}


def _in_order(arguments: list[Argument]) -> dict[str, Any]:
    return {
        "type": "array",
        "description": f"The arguments, in order: {', '.join(argument.name for argument in arguments)}.",
        "items": [argument.schema for argument in arguments],
        "minItems": sum(argument.required for argument in arguments),
        "maxItems": len(arguments),
    }


def _answer(model: type[Ack | Failure], payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": model.__name__, "title": model.__name__, "description": description(model), "payload": payload}
