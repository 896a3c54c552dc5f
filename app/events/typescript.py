"""``/realtime.d.ts``: the catalogue as types for ``Socket<ServerToClientEvents, ClientToServerEvents>``."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from app.events.base import Command, Event
from app.events.connection import ToOneSocket
from app.events.registry import COMMANDS, EVENTS
from app.events.schemas import CatalogueSchemas, description

HEAD = """\
/**
 * Types of every event and command, for socket.io-client 4.x:
 *
 *     const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(url, { auth: { token } });
 *
 * `emitWithAck` gives `any` where the acknowledgement may be left out; say what it is:
 *
 *     const answer: Joined | Failure = await socket.emitWithAck("join-tasks", userId);
 */

/** A command: what it takes, and, if an answer is wanted, the function that hears it. */
export type Acknowledged<Arguments extends unknown[], Answer> = (
  ...args: Arguments | [...Arguments, ack: (answer: Answer | Failure) => void]
) => void;
"""

TYPES = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
    "object": "Record<string, unknown>",
}


@cache
def declarations() -> str:
    """The text of the declaration file."""
    schemas = CatalogueSchemas("{model}")
    types = [_declaration(name, schema) for name, schema in sorted(schemas.definitions.items())]
    events = [_member(event, _listener(event, schemas)) for event in EVENTS.values()]
    commands = [_member(command, _emitter(command, schemas)) for command in COMMANDS.values()]
    maps = [
        _interface("ServerToClientEvents", "What the server emits.", events),
        _interface("ClientToServerEvents", "What clients emit.", commands),
    ]
    return "\n".join([HEAD, *types, *maps])


def _declaration(name: str, schema: dict[str, Any]) -> str:
    about = schema.get("description", "")
    if "properties" not in schema:
        return f"{_comment(about)}export type {name} = {type_text(schema)};\n"
    required = schema.get("required", ())
    members = [
        f"  {field}{'' if field in required else '?'}: {type_text(value)};\n"
        for field, value in schema["properties"].items()
    ]
    return _interface(name, about, members)


def _interface(name: str, about: str, members: Iterable[str]) -> str:
    return f"{_comment(about)}export interface {name} {{\n{''.join(members)}}}\n"


def _member(about: type[Event | Command], function: str) -> str:
    return f"{_comment(description(about), '  ')}  {json.dumps(about.name)}: {function};\n"


def _listener(event: type[Event], schemas: CatalogueSchemas) -> str:
    offset = "" if issubclass(event, ToOneSocket) else ", offset?: string"
    return f"(payload: {type_text(schemas.payload(event))}{offset}) => void"


def _emitter(command: type[Command], schemas: CatalogueSchemas) -> str:
    arguments = schemas.arguments(command)
    fewest = sum(argument.required for argument in arguments)
    named = [f"{argument.name}: {type_text(argument.schema)}" for argument in arguments]
    # A tuple for each number of arguments: socket.io-client's own types lose optional ones.
    tuples = [f"[{', '.join(named[:length])}]" for length in range(fewest, len(named) + 1)]
    return f"Acknowledged<{' | '.join(tuples)}, {type_text(schemas.ack(command))}>"


def type_text(schema: dict[str, Any]) -> str:
    """The TypeScript type of ``schema``, for as much of JSON Schema as the catalogue uses."""
    written: str
    match schema:
        case {"$ref": name}:
            written = name
        case {"const": value}:
            written = json.dumps(value)
        case {"enum": values}:
            written = " | ".join(map(json.dumps, values))
        case {"anyOf": choices}:
            written = " | ".join(map(type_text, choices))
        case {"type": "array", "items": items}:
            written = f"Array<{type_text(items)}>"
        case {"type": "object", "additionalProperties": dict() as values}:
            written = f"Record<string, {type_text(values)}>"
        case _:
            written = TYPES[schema["type"]]
    return written


def _comment(text: str, indent: str = "") -> str:
    """``text`` as JSDoc."""
    lines = text.replace("*/", "*\\/").splitlines()
    if len(lines) <= 1:
        return f"{indent}/** {''.join(lines)} */\n"
    middle = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{middle}{indent} */\n"
