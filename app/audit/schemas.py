"""What the audit trail is asked, and what it answers."""

from typing import Any

from app.core.clock import Timestamp
from app.core.pagination import PageQuery
from app.core.schema import Id, Schema
from app.events.audit import AuditAction


class AuditQuery(PageQuery):
    """Which entries: all conditions that are given must hold."""

    actor_id: Id | None = None
    target_id: Id | None = None
    action: AuditAction | None = None
    after: Timestamp | None = None
    before: Timestamp | None = None


class AuditEntryView(Schema):
    """One sensitive action.

    ``actorId`` is the id of a user; ``cli:`` and an account of the machine for the command line; null for who was
    refused. ``address`` is where it came from: that of a client, or again the account of the machine.
    """

    id: str
    at: Timestamp
    action: AuditAction
    actor_id: str | None
    address: str | None
    target_type: str | None
    target_id: str | None
    details: dict[str, Any]
    request_id: str


class AuditPage(Schema):
    """Entries, the newest first."""

    items: list[AuditEntryView]
    next_cursor: str | None
