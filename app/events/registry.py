"""The catalogue itself: every event and every command, by name. All else that lists them is made from this."""

from collections.abc import Iterable
from inspect import isabstract
from types import ModuleType
from typing import TypeVar

from app.events import analytics, chat, commands, connection, monitoring, notifications, presence, tasks
from app.events.base import Channel, Command, Event

T = TypeVar("T")


def _named(modules: Iterable[ModuleType], base: type[T]) -> dict[str, type[T]]:
    found: dict[str, type[T]] = {}
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, base) and not isabstract(value):
                name = vars(value).get("name")
                if name is not None:
                    found[name] = value
    return found


_MODULES = (notifications, chat, tasks, analytics, presence, connection, monitoring)
EVENTS: dict[str, type[Event]] = _named(_MODULES, Event)  # type: ignore[type-abstract]
COMMANDS: dict[str, type[Command]] = _named((commands,), Command)


def events_of(channel: Channel) -> tuple[type[Event], ...]:
    """The events of one channel, in the order of their declaration."""
    return tuple(event for event in EVENTS.values() if event.channel is channel)
