"""``/api/analytics``."""

from flask import Blueprint

from app.analytics import service
from app.analytics.formulas import Metric
from app.analytics.schemas import (
    AnyMetric,
    History,
    HistoryQuery,
    MetricQuery,
    Recalculate,
    TeamMetric,
    UserMetric,
    UserValues,
)
from app.auth.guard import authenticated, current_user
from app.core.api import body, query, returns

METRIC = f"/<any({', '.join(Metric)}):metric>"

bp = Blueprint("analytics", __name__, url_prefix="/api/analytics")


@bp.get(METRIC)
@authenticated
@query(MetricQuery)
@returns(AnyMetric)
def get_metric(metric: str, query: MetricQuery) -> UserValues | TeamMetric:
    """A metric of oneself, of a user whom one manages, or of a team that one manages: rolled up, and of each member."""
    return service.measure(current_user(), Metric(metric), query)


@bp.get(f"{METRIC}/history")
@authenticated
@query(HistoryQuery)
@returns(History)
def get_history(metric: str, query: HistoryQuery) -> History:
    """A metric of oneself, of a user whom one manages, or rolled up of such a team, by day or week."""
    return service.history(current_user(), Metric(metric), query)


@bp.post(f"{METRIC}/recalculate")
@authenticated
@body(Recalculate)
@returns(UserMetric)
def recalculate(metric: str, body: Recalculate) -> UserValues:
    """Compute a metric of oneself, or of a user whom one manages, anew; it is emitted when a value changed."""
    return service.recalculate(current_user(), Metric(metric), body)
