"""The catalogue as JSON Schemas."""

from dataclasses import dataclass
from inspect import getdoc
from typing import Any

from pydantic import BaseModel

from app.core.json_schema import JsonSchemas, markdown
from app.events.base import Command, Event, Failure
from app.events.registry import COMMANDS, EVENTS


@dataclass(frozen=True)
class Argument:
    """One argument of a command."""

    name: str
    schema: dict[str, Any]
    required: bool = True


class CatalogueSchemas:
    """What every event carries, and what every command takes and is answered with.

    Attributes:
        definitions: the schemas by name; they refer to each other.
    """

    def __init__(self, ref_template: str) -> None:
        """
        Args:
            ref_template: how one schema refers to another, with ``{model}`` for its name.
        """
        acks = [command.ack for command in COMMANDS.values()]
        self._schemas = JsonSchemas(
            received=COMMANDS.values(), sent=[*EVENTS.values(), *acks, Failure], ref_template=ref_template
        )
        never_whole = {command.__name__ for command in COMMANDS.values() if command.positional}
        self.definitions = {
            name: schema for name, schema in self._schemas.definitions.items() if name not in never_whole
        }

    def payload(self, event: type[Event]) -> dict[str, Any]:
        """The reference to the schema of an event's first argument."""
        return self._schemas.sent(event)

    def ack(self, command: type[Command]) -> dict[str, Any]:
        """The reference to the schema of the answer to a command that was obeyed."""
        return self._schemas.sent(command.ack)

    @property
    def failure(self) -> dict[str, Any]:
        """The reference to the schema of the answer to a command that was not obeyed."""
        return self._schemas.sent(Failure)

    def arguments(self, command: type[Command]) -> list[Argument]:
        """What a command takes, in order."""
        if not command.positional:
            return [Argument("payload", self._schemas.received(command))]
        fields = self._schemas.fields(command)
        return [Argument(name, *fields[name]) for name in command.positional]


def description(of: type[BaseModel]) -> str:
    """What a class of the catalogue says of itself, in Markdown."""
    return markdown(getdoc(of) or "", [field.alias or "" for field in of.model_fields.values()])
