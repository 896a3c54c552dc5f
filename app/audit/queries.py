"""Reading the trail, and forgetting what is too old."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from app.audit.models import AuditEntry
from app.audit.schemas import AuditQuery
from app.config import current_settings
from app.core.clock import now
from app.core.pagination import page
from app.extensions import db


def entries(query: AuditQuery) -> dict[str, Any]:
    """The entries that ``query`` asks for, the newest first."""
    found = select(AuditEntry)
    wanted = {
        AuditEntry.actor_id: query.actor_id,
        AuditEntry.target_id: query.target_id,
        AuditEntry.action: query.action,
    }
    for column, value in wanted.items():
        if value is not None:
            found = found.where(column == value)
    if query.after is not None:
        found = found.where(AuditEntry.at >= query.after)
    if query.before is not None:
        found = found.where(AuditEntry.at < query.before)
    return page(found, AuditEntry.id, query)


def trim() -> None:
    """Delete, in the transaction that is open, what is older than ``AUDIT_DAYS``."""
    kept = timedelta(days=current_settings().audit_days)
    db.session.execute(delete(AuditEntry).where(AuditEntry.at < now() - kept))
