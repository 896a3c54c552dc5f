"""``/api/push``."""

from flask import Blueprint

from app.auth.guard import authenticated, current_identity, current_user
from app.core.api import body, fails, returns
from app.core.idempotency import idempotent
from app.push import service
from app.push.models import PushSubscription
from app.push.schemas import PublicKey, Subscribe, SubscriptionView, Unsubscribe
from app.push.vapid import current_vapid

bp = Blueprint("push", __name__, url_prefix="/api/push")


@bp.get("/public-key")
@authenticated
@fails(503)
@returns(PublicKey)
def public_key() -> PublicKey:
    """The key that a browser subscribes with; 503 where Web Push is not set up."""
    return PublicKey(public_key=current_vapid().public_key)


@bp.post("/subscriptions")
@authenticated
@idempotent
@body(Subscribe)
@fails(409, 503)
@returns(SubscriptionView, 201)
def subscribe(body: Subscribe) -> PushSubscription:
    """Push to a device, for as long as this login lasts; an endpoint that is known is renewed."""
    return service.subscribe(current_identity(), body)


@bp.delete("/subscriptions")
@authenticated
@body(Unsubscribe)
@fails(404)
@returns(None, 204)
def unsubscribe(body: Unsubscribe) -> None:
    """Push to a device no more."""
    service.unsubscribe(current_user(), body)
