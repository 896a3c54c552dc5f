"""The catalogue as a page to read: ``python -m app.events.markdown`` writes docs/events.md anew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.events.base import Channel, Command, Event
from app.events.connection import ToOneSocket
from app.events.registry import COMMANDS, EVENTS, events_of
from app.events.schemas import CatalogueSchemas, description
from app.events.typescript import type_text

DOCUMENT = Path(__file__).parents[2] / "docs" / "events.md"
HEAD = """\
# Events and commands

Made from the catalogue (`app/events/`) by `make docs`; a test compares. The same is in `/asyncapi.json`, to read at
`/api-docs/events`, and in `/realtime.d.ts`, as types for `socket.io-client`. Types are written as in TypeScript.

The last argument of an event is its offset, unless it says otherwise here. *Durable* events are stored with the change
that they tell of, come in order, and are never lost; *ephemeral* ones come at most once. What *may be superseded* by a
newer one is said in [conflation](delivery.md#conflation).
"""


def document() -> str:
    """The text of the page."""
    schemas = CatalogueSchemas("{model}")
    return "\n".join([HEAD, *_events(schemas), *_commands(schemas), *_types(schemas)])


def _events(schemas: CatalogueSchemas) -> Iterator[str]:
    for channel in Channel:
        yield f"## {channel.value.capitalize()}\n"
        yield from (_event(event, schemas) for event in events_of(channel))
    yield "## The connection, people and the server\n"
    yield from (_event(event, schemas) for event in EVENTS.values() if event.channel is None)


def _event(event: type[Event], schemas: CatalogueSchemas) -> str:
    kind = "Durable" if event.durable else "Ephemeral"
    if issubclass(event, ToOneSocket):
        kind = "To one socket, without an offset"
    superseded = "; may be superseded" if event.conflation else ""
    about = f"{description(event)}\n\n*{kind}{superseded}.*\n\n"
    return f"### `{event.name}`\n\n{about}{_fields(schemas, schemas.payload(event))}"


def _commands(schemas: CatalogueSchemas) -> Iterator[str]:
    yield "## Commands\n\nWhat clients emit. One that fails is acknowledged with `Failure`.\n"
    for command in COMMANDS.values():
        yield _command(command, schemas)


def _command(command: type[Command], schemas: CatalogueSchemas) -> str:
    arguments = [
        f"{argument.name}{'' if argument.required else '?'}: {type_text(argument.schema)}"
        for argument in schemas.arguments(command)
    ]
    call = f"{command.name}({', '.join(arguments)}) → {type_text(schemas.ack(command))}"
    return f"### `{command.name}`\n\n{description(command)}\n\n```ts\n{call}\n```\n"


def _types(schemas: CatalogueSchemas) -> Iterator[str]:
    yield "## Types\n"
    payloads = {type_text(schemas.payload(event)) for event in EVENTS.values()}
    for name, schema in sorted(schemas.definitions.items()):
        if name in payloads:
            continue
        about = schema.get("description", "")
        if "properties" in schema:
            yield f"### {name}\n\n{about}\n\n{_table(schema)}"
        else:
            yield f"### {name}\n\n{about}\n\n```ts\n{type_text(schema)}\n```\n"


def _fields(schemas: CatalogueSchemas, reference: dict[str, Any]) -> str:
    return _table(schemas.definitions[type_text(reference)])


def _table(schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        f"| `{name}`{'' if name in required else ' (optional)'} | `{_in_table(type_text(field))}` |\n"
        for name, field in schema["properties"].items()
    ]
    return "| field | type |\n| --- | --- |\n" + "".join(rows)


def _in_table(text: str) -> str:
    return text.replace("|", "\\|")  # also inside of code: GitHub Flavored Markdown, section 4.10


if __name__ == "__main__":
    DOCUMENT.write_text(document())
