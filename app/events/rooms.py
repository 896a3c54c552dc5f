"""Rooms: their kinds, their names, and who belongs to each by name."""

from enum import StrEnum


class RoomKind(StrEnum):
    """What a room is about; its value is the prefix of the room's name."""

    USER = "user"
    TEAM = "team"
    DEPARTMENT = "department"
    NOTIFICATIONS = "notifications"
    CHAT = "chat"
    TASKS = "tasks"
    ANALYTICS = "analytics"

    def room(self, id: str) -> str:
        """The room of this kind for the user, team, department or conversation ``id``."""
        return f"{self.value}-{id}"


_KINDS = {kind.value: kind for kind in RoomKind}


def parse_room(name: str) -> tuple[RoomKind, str] | None:
    """The kind and the id that ``name`` says, or None when it names no room that a client may join."""
    prefix, _, id = name.partition("-")
    kind = _KINDS.get(prefix)
    return (kind, id) if kind and id else None


def sockets_of_user(user_id: str) -> str:
    """The inner room that holds every socket of a user. Clients can't name it: it begins with ``@``."""
    return f"@user:{user_id}"


def sockets_of_login(login_id: str) -> str:
    """The inner room that holds every socket that was opened with a token of one login."""
    return f"@login:{login_id}"
