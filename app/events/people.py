"""Domain events about people."""

from app.events.base import DomainEvent


class UserDeactivated(DomainEvent):
    """A user may no longer use the system."""

    user_id: str
