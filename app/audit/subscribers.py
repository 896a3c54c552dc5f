"""Writes what happened into the trail, in the transaction of the action itself: neither is without the other."""

from flask import has_request_context, request

from app.audit.models import LONGEST_ADDRESS, AuditEntry
from app.core.cause import current_cause, current_operator
from app.core.transaction import Transaction
from app.events.audit import Audited
from app.events.subscriptions import subscribes
from app.extensions import db


@subscribes(Audited)
def write(_: Transaction, event: Audited) -> None:
    """Add an entry, with where it came from and the request that it is part of."""
    kind, id = event.target or (None, None)
    operator = current_operator()
    db.session.add(
        AuditEntry(
            action=event.action,
            actor_id=event.actor_id or operator,
            address=_address() if has_request_context() else operator,
            target_type=kind,
            target_id=id,
            details=event.details,
            request_id=current_cause(),
        )
    )


def _address() -> str | None:
    """The client's. A proxy that hands on what its client said may name one of any length."""
    return request.remote_addr and request.remote_addr[:LONGEST_ADDRESS]
