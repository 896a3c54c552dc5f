"""``/api/notifications``."""

from typing import Any

from flask import Blueprint
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter

from app.auth.guard import authenticated, current_user
from app.core.api import body, fails, query, returns
from app.core.idempotency import idempotent
from app.events.notifications import NotificationsBulkRead
from app.notifications import queries, service
from app.notifications.models import Notification
from app.notifications.schemas import (
    NotificationPage,
    NotificationsQuery,
    NotificationView,
    ReadNotifications,
    SendNotification,
)

bp = Blueprint("notifications", __name__, url_prefix="/api/notifications")


class NotificationId(BaseConverter):
    """An id, which ``read`` is not: else ``/read`` would be said to take DELETE."""

    regex = r"(?!read$)[^/]+"


@bp.record
def _register(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["notification"] = NotificationId


@bp.get("")
@authenticated
@query(NotificationsQuery)
@returns(NotificationPage)
def list_notifications(query: NotificationsQuery) -> dict[str, Any]:
    """One's notifications, newest first."""
    return queries.notifications_page(current_user().id, query)


@bp.post("")
@authenticated
@idempotent
@body(SendNotification)
@fails(404)
@returns(NotificationView, 201)
def send_notification(body: SendNotification) -> Notification:
    """Notify oneself; as a manager who shares a team, or as an admin, somebody else."""
    return service.send(current_user(), body)


@bp.patch("/<id>/read")
@authenticated
@returns(NotificationView)
def mark_read(id: str) -> Notification:
    """Mark a notification as read."""
    return service.mark_read(current_user(), id)


@bp.patch("/read")
@authenticated
@body(ReadNotifications)
@fails(404)
@returns(NotificationsBulkRead)
def mark_many_read(body: ReadNotifications) -> NotificationsBulkRead:
    """Mark several or all notifications as read; ``ids`` of the answer are those that were unread."""
    return service.mark_many_read(current_user(), body)


@bp.delete("/<notification:id>")
@authenticated
@returns(None, 204)
def delete_notification(id: str) -> None:
    """Delete a notification."""
    service.delete(current_user(), id)
