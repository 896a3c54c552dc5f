"""``GET /api/audit``."""

from typing import Any

from flask import Blueprint

from app.audit import queries
from app.audit.schemas import AuditPage, AuditQuery
from app.auth.guard import only
from app.core.api import query, returns
from app.people.models import Role

bp = Blueprint("audit", __name__)


@bp.get("/api/audit")
@only(Role.ADMIN)
@query(AuditQuery)
@returns(AuditPage)
def audit(query: AuditQuery) -> dict[str, Any]:
    """The trail of sensitive actions, the newest first."""
    return queries.entries(query)
