"""Domain events about people."""

from app.events.base import DomainEvent


class UserDeactivated(DomainEvent):
    """A user may no longer use the system."""

    user_id: str


class RoleChanged(DomainEvent):
    """A user may do more than before, or less."""

    user_id: str


class TeamLeft(DomainEvent):
    """A user is no longer a member of a team."""

    team_id: str
    user_id: str
