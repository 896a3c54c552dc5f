"""What one feature causes in another: functions that run when an event is published, in the same transaction."""

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from app.events.base import DomainEvent

if TYPE_CHECKING:
    from app.core.transaction import Transaction

E = TypeVar("E", bound=DomainEvent)
Reaction = Callable[["Transaction", E], None]

_reactions: defaultdict[type[DomainEvent], list[Reaction[Any]]] = defaultdict(list)


def subscribes(*events: type[E]) -> Callable[[Reaction[E]], Reaction[E]]:
    """Run the decorated function with each of ``events`` that is published, before the commit.

    What it raises rolls the change back that published the event.
    """

    def register(reaction: Reaction[E]) -> Reaction[E]:
        for event in events:
            _reactions[event].append(reaction)
        return reaction

    return register


def subscribers_of(event: type[DomainEvent]) -> tuple[Reaction[Any], ...]:
    """The functions that subscribed to ``event``, in the order of their registration."""
    return tuple(_reactions.get(event, ()))
