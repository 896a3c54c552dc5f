"""The table of the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.choice import Choice
from app.core.clock import UtcDateTime, now
from app.core.ids import new_id
from app.events.audit import AuditAction
from app.extensions import Model

LONGEST_ADDRESS = 64  # characters


class AuditEntry(Model):
    """One sensitive action. It names people by id, without a foreign key: it is kept when they are gone."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_at", "at"), Index("ix_audit_entries_actor_id", "actor_id", "id"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    action: Mapped[AuditAction] = mapped_column(Choice(AuditAction, 32))
    actor_id: Mapped[str | None] = mapped_column(String(36))
    address: Mapped[str | None] = mapped_column(String(LONGEST_ADDRESS))
    target_type: Mapped[str | None] = mapped_column(String(32))
    target_id: Mapped[str | None] = mapped_column(String(36))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    request_id: Mapped[str] = mapped_column(String(64))
