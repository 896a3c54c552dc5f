"""Ids: UUIDv7 (RFC 9562, section 5.7), so that rows sort by the time of their making."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> str:
    """A new id, unique, 36 characters, later than every one made before in this process."""
    return str(uuid7())


def new_id_after(other: str | None) -> str:
    """A new id that is later than ``other``, too, which a process may have made whose clock is ahead of this one's."""
    id = new_id()
    return id if other is None or id > other else str(UUID(int=UUID(other).int + 1))
