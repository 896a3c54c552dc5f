"""The domain event of what is written into the audit trail."""

from enum import StrEnum

from pydantic import Field

from app.events.base import DomainEvent


class AuditAction(StrEnum):
    """What was done, or tried."""

    REGISTERED = "registered"
    LOGGED_IN = "logged_in"
    LOGIN_REFUSED = "login_refused"
    LOGGED_OUT = "logged_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - it is none
    ROLE_CHANGED = "role_changed"
    DEACTIVATED = "deactivated"
    ACTIVATED = "activated"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    PARTICIPANT_REMOVED = "participant_removed"
    TASK_DELETED = "task_deleted"
    EVENT_EMITTED = "event_emitted"
    EVENTS_DELETED = "events_deleted"


class Audited(DomainEvent):
    """Something that must be found later: who did it, to what.

    Attributes:
        actor_id: None: nobody who is logged in: who acts at the command line, or whoever was refused.
        target: its kind, such as ``user``, and its id; None: there is none.
        details: what else is worth knowing; never a password, a token or what people write to each other.
    """

    action: AuditAction
    actor_id: str | None
    target: tuple[str, str] | None
    details: dict[str, str] = Field(default_factory=dict)
