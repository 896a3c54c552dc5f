"""What an event, a control message and a command are; each that the system knows is one frozen class."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from app.core.errors import ErrorBody
from app.core.schema import Schema
from app.engine import Envelope, Pace

Routing = Annotated[str, Field(exclude=True)]
"""A field that decides who hears an event, or tells subscribers more, and is not part of its payload."""

OptionalRouting = Annotated[str | None, Field(exclude=True)]


class Channel(StrEnum):
    """The four channels; each is also a Socket.IO namespace, ``/ws/<channel>``."""

    NOTIFICATIONS = "notifications"
    CHAT = "chat"
    TASKS = "tasks"
    ANALYTICS = "analytics"

    @property
    def namespace(self) -> str:
        return f"/ws/{self.value}"


NAMESPACES = ("/", *(channel.namespace for channel in Channel))
"""Every namespace that a client may connect to. All understand all commands; the four also join rooms by themselves."""


class DomainEvent(Schema):
    """Something that happened. Features that subscribed to it react in the same transaction; no more comes of it."""


class Published(DomainEvent, ABC):
    """A domain event that also leaves the transaction: after the commit it is carried to sockets."""

    name: ClassVar[str]

    @abstractmethod
    def rooms(self) -> tuple[str, ...]:
        """The rooms whose sockets it reaches; a socket in several of them is reached once."""

    def skip(self) -> tuple[str, ...]:
        """Rooms whose sockets it does not reach."""
        return ()

    def pace(self) -> Pace | None:
        """How often such leave; None: each does."""
        return None

    def envelope(self) -> Envelope:
        """It as it travels: the payload is taken now."""
        payload = self.model_dump_json(by_alias=True)
        return Envelope(self.name, payload, self.rooms(), skip=self.skip(), pace=self.pace())


@dataclass(frozen=True)
class Conflation:
    """Which older event a newer one of the same name supersedes, and how often such leave.

    Attributes:
        by: the fields that say what an event tells the newest of: it supersedes one with the same values in them.
        window: seconds between two of the same values. The first leaves at once; of those that come before the window
            is over, the newest leaves then.
        ceiling: how many, whatever their values, a room hears in a second at the most. Beyond it an event waits for its
            turn, and may be superseded meanwhile. None: there is no ceiling.
    """

    by: tuple[str, ...]
    window: float = 0.0
    ceiling: int | None = None

    def pace(self, event: "Event") -> Pace:
        """That of one event."""
        about = (getattr(event, field) for field in self.by)
        return Pace("/".join((event.name, *about)), self.window, self.ceiling)


class Event(Published):
    """Something that clients hear. The fields are the payload, but for those marked :data:`Routing`.

    Class attributes:
        name: what clients listen for.
        channel: which of the four channels it belongs to; None for those about the connection itself, and for presence,
            which is heard in rooms of several.
        durable: stored with the change, in order, never lost; else at most once.
        conflation: which older ones it supersedes; None: each is heard.
    """

    channel: ClassVar[Channel | None] = None
    durable: ClassVar[bool] = True
    conflation: ClassVar[Conflation | None] = None

    def pace(self) -> Pace | None:
        return self.conflation.pace(self) if self.conflation else None


class ControlMessage(Published):
    """Something that every process does, in order with the events around it; no client hears it.

    Class attributes:
        barrier: whether all that waits for its pace leaves before it, and none is superseded across it: somebody who
            stays connected may hear less by it. Any other leaves alone what waits.
    """

    barrier: ClassVar[bool] = True


class Ack(Schema):
    """The answer to a command that was obeyed."""

    ok: Literal[True] = True


class Failure(Schema):
    """The answer to a command that was not obeyed."""

    ok: Literal[False] = False
    error: ErrorBody


class Command(Schema):
    """Something that a client emits.

    Class attributes:
        name: the event name. The class's docstring is what the documents say of it.
        ack: what a command that was obeyed is acknowledged with.
        positional: the fields that are arguments of their own, in order; of none, the one argument is an object.
    """

    name: ClassVar[str]
    ack: ClassVar[type[Ack]] = Ack
    positional: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def from_arguments(cls, arguments: tuple[Any, ...]) -> Self:
        """Read what a client sent.

        Raises:
            ValueError: (pydantic's ValidationError among them) the arguments are not what the command takes.
        """
        most = max(1, len(cls.positional))
        if not 1 <= len(arguments) <= most:
            raise ValueError("takes one argument" if most == 1 else f"takes one to {most} arguments")
        if not cls.positional:
            return cls.model_validate(arguments[0], by_name=False)  # camelCase alone
        given = zip(cls.positional, arguments, strict=False)
        return cls.model_validate({name: value for name, value in given if value is not None}, by_name=False)
