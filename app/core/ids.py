"""Ids: UUIDv7 (RFC 9562, section 5.7), so that rows sort by the time of their making."""

from uuid_utils.compat import uuid7


def new_id() -> str:
    """A new id, unique, 36 characters, later than every one made before in this process."""
    return str(uuid7())
