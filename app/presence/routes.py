"""``GET /api/presence``."""

from flask import Blueprint

from app.auth.guard import authenticated, current_user
from app.core.api import query, returns
from app.presence import queries
from app.presence.schemas import PresenceQuery, Presences

bp = Blueprint("presence", __name__, url_prefix="/api")


@bp.get("/presence")
@authenticated
@query(PresenceQuery)
@returns(Presences)
def presence(query: PresenceQuery) -> Presences:
    """Who of some users is online, as far as one may see it: oneself, who shares a room with one, admins all."""
    return Presences(items=queries.seen_by(current_user(), query.user_ids))
