"""Computing metrics, and telling of those that changed."""

from collections.abc import Iterable
from datetime import timedelta

from app.analytics import queries
from app.analytics.formulas import FORMULAS, Measured, Metric
from app.analytics.models import Snapshot
from app.analytics.schemas import History, HistoryQuery, MetricQuery, Recalculate, TeamMetric
from app.analytics.window import recent
from app.core.errors import Forbidden, NotFound
from app.core.transaction import Transaction, transaction
from app.events.analytics import AnalyticsEvent, EfficiencyUpdated, ProductivityUpdated, QualityUpdated
from app.extensions import db
from app.people.models import User
from app.people.queries import manages_team, manages_user, member_ids, sees_team, user

BUCKETS = {"day": timedelta(days=1)}
EVENTS: dict[Metric, type[AnalyticsEvent]] = {
    Metric.PRODUCTIVITY: ProductivityUpdated,
    Metric.EFFICIENCY: EfficiencyUpdated,
    Metric.QUALITY: QualityUpdated,
}


def measure(viewer: User, metric: Metric, query: MetricQuery) -> Measured | TeamMetric:
    """A metric of a user, or of each member of a team.

    Raises:
        NotFound: there is no such user or team, or ``viewer`` may not know of their metrics.
        Forbidden: the team is one of ``viewer``'s, who does not manage it.
        ValidationFailed: the window is empty or too long.
    """
    window, formula = query.window(), FORMULAS[metric]
    if query.team_id is None:
        user_id = _measurable(viewer, query.user_id)
        return formula(user_id, window, queries.tasks_of([user_id], window)[user_id])
    _check_team(viewer, query.team_id)
    ids = member_ids(query.team_id)
    tasks = queries.tasks_of(ids, window)
    members = [formula(id, window, tasks[id]) for id in ids]
    return TeamMetric(team_id=query.team_id, from_=window.start, to=window.end, members=members)


def history(viewer: User, metric: Metric, query: HistoryQuery) -> History:
    """A metric of a user, bucket by bucket.

    Raises:
        NotFound: there is no such user, or ``viewer`` may not know of their metrics.
        ValidationFailed: the window is empty or too long.
    """
    user_id, window = _measurable(viewer, query.user_id), query.window()
    tasks = queries.tasks_of([user_id], window)[user_id]
    return History(items=[FORMULAS[metric](user_id, part, tasks) for part in window.split(BUCKETS[query.bucket])])


def recalculate(actor: User, metric: Metric, form: Recalculate) -> Measured:
    """Compute a metric of a user anew, over the last 30 days, and tell of it when a value changed.

    Raises:
        NotFound: there is no such user, or ``actor`` may not know of their metrics.
    """
    with transaction() as tx:
        [value] = recompute(tx, _measurable(actor, form.user_id), [metric])
        return value


def recompute(tx: Transaction, user_id: str, metrics: Iterable[Metric] = Metric) -> list[Measured]:
    """Compute metrics of a user over the last 30 days, and publish those whose values are not what was last told."""
    queries.wait_for_turn(user_id)
    window = recent()
    tasks = queries.tasks_of([user_id], window)[user_id]
    measured = []
    for metric in metrics:
        formula = FORMULAS[metric]
        value = formula(user_id, window, tasks)
        if _is_news(metric, value, without_tasks=formula(user_id, window, ())):
            tx.publish(EVENTS[metric].model_validate(value.model_dump()))
        measured.append(value)
    return measured


def _is_news(metric: Metric, value: Measured, without_tasks: Measured) -> bool:
    """Whether a value differs from what was last told, at first from that of a user without tasks; then remember it."""
    snapshot = db.session.get(Snapshot, (value.user_id, metric))
    told = snapshot.values if snapshot else _values(without_tasks)
    values = _values(value)
    if values == told:
        return False
    db.session.merge(Snapshot(user_id=value.user_id, metric=metric, values=values))
    return True


def _values(measured: Measured) -> dict[str, float | None]:
    """All but whose they are and from when: the window moves with the clock, and that is no news."""
    return measured.model_dump(exclude={"user_id", "from_", "to"})


def _measurable(viewer: User, user_id: str | None) -> str:
    """Whose metric to compute: one's own; as a manager of a shared team, or as an admin, another's."""
    if user_id is None or user_id == viewer.id:
        return viewer.id
    if not manages_user(viewer, user_id) or user(user_id) is None:
        raise NotFound("There are no metrics of such a user that you may see.")
    return user_id


def _check_team(viewer: User, team_id: str) -> None:
    if not sees_team(viewer, team_id):
        raise NotFound("There is no such team.")
    if not manages_team(viewer, team_id):
        raise Forbidden("Only an admin or a manager of the team may do this.")
