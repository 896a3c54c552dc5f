"""Computing metrics, and telling of those that changed."""

from collections.abc import Collection
from datetime import timedelta

from app.analytics import queries
from app.analytics.formulas import FORMULAS, Counts, Metric, Values
from app.analytics.models import Snapshot
from app.analytics.schemas import (
    Bucket,
    History,
    HistoryQuery,
    MetricQuery,
    Recalculate,
    TeamEfficiency,
    TeamMetric,
    TeamProductivity,
    TeamQuality,
    TeamValues,
    UserValues,
)
from app.analytics.window import recent
from app.core.errors import Forbidden, NotFound
from app.core.transaction import Transaction, transaction
from app.events.analytics import (
    AnalyticsEvent,
    Efficiency,
    EfficiencyUpdated,
    Productivity,
    ProductivityUpdated,
    Quality,
    QualityUpdated,
)
from app.extensions import db
from app.people.models import User
from app.people.queries import manages_team, manages_user, member_ids, sees_team, user

BUCKETS = {Bucket.DAY: timedelta(days=1), Bucket.WEEK: timedelta(days=7)}
EVENTS: dict[Metric, type[AnalyticsEvent]] = {
    Metric.PRODUCTIVITY: ProductivityUpdated,
    Metric.EFFICIENCY: EfficiencyUpdated,
    Metric.QUALITY: QualityUpdated,
}
OF_USER: dict[Metric, type[UserValues]] = {
    Metric.PRODUCTIVITY: Productivity,
    Metric.EFFICIENCY: Efficiency,
    Metric.QUALITY: Quality,
}
OF_TEAM: dict[Metric, type[TeamValues]] = {
    Metric.PRODUCTIVITY: TeamProductivity,
    Metric.EFFICIENCY: TeamEfficiency,
    Metric.QUALITY: TeamQuality,
}


def measure(viewer: User, metric: Metric, query: MetricQuery) -> UserValues | TeamMetric:
    """A metric of a user, or of a team: of all members together, and of each.

    Raises:
        NotFound: there is no such user or team, or ``viewer`` may not know of their metrics.
        Forbidden: the team is one of ``viewer``'s, who does not manage it.
        ValidationFailed: the window is empty or too long.
    """
    window, formula = query.window(), FORMULAS[metric]
    user_ids = _measured(viewer, query)
    counts = queries.counts_of(user_ids, window, [metric])
    members = [_of_user(metric, id, formula(window, counts[id])) for id in user_ids]
    if query.team_id is None:
        return members[0]
    team = _of_team(metric, query.team_id, formula(window, sum(counts.values(), Counts(people=0))))
    return TeamMetric(team_id=query.team_id, from_=window.start, to=window.end, team=team, members=members)


def history(viewer: User, metric: Metric, query: HistoryQuery) -> History:
    """A metric of a user, or of all members of a team together, bucket by bucket.

    Raises:
        NotFound: there is no such user or team, or ``viewer`` may not know of their metrics.
        Forbidden: the team is one of ``viewer``'s, who does not manage it.
        ValidationFailed: the window is empty or too long.
    """
    window, step, formula = query.window(), BUCKETS[query.bucket], FORMULAS[metric]
    user_ids = _measured(viewer, query)
    counts = queries.counts_by_part(user_ids, window, step, metric)
    found = [formula(part, of) for part, of in zip(window.split(step), counts, strict=True)]
    items: list[UserValues | TeamValues]
    if query.team_id is None:
        items = [_of_user(metric, user_ids[0], values) for values in found]
    else:
        items = [_of_team(metric, query.team_id, values) for values in found]
    return History.model_construct(items=items)  # they are valid; to try each as each kind takes longer than all else


def recalculate(actor: User, metric: Metric, form: Recalculate) -> UserValues:
    """Compute a metric of a user anew, over the last 30 days, and tell of it when a value changed.

    Raises:
        NotFound: there is no such user, or ``actor`` may not know of their metrics.
    """
    with transaction() as tx:
        user_id = _measurable(actor, form.user_id)
        [values] = recompute(tx, user_id, [metric])
        return _of_user(metric, user_id, values)


def recompute(tx: Transaction, user_id: str, metrics: Collection[Metric]) -> list[Values]:
    """Compute metrics of a user over the last 30 days, and publish those whose values are not what was last told.

    Of a user without tasks, nothing needs to be told at first.
    """
    queries.wait_for_turn(user_id)
    window = recent()
    counts = queries.counts_of([user_id], window, metrics)[user_id]
    snapshots = queries.snapshots_of(user_id, metrics)
    found = []
    for metric in metrics:
        formula = FORMULAS[metric]
        values = formula(window, counts)
        snapshot = snapshots.get(metric)
        told = snapshot.values if snapshot else _told(formula(window, Counts()))
        if _told(values) != told:
            _remember(user_id, metric, snapshot, _told(values))
            tx.publish(EVENTS[metric].model_validate({"user_id": user_id} | values.model_dump()))
        found.append(values)
    return found


def _of_user(metric: Metric, user_id: str, values: Values) -> UserValues:
    return OF_USER[metric].model_validate({"user_id": user_id} | values.model_dump())


def _of_team(metric: Metric, team_id: str, values: Values) -> TeamValues:
    return OF_TEAM[metric].model_validate({"team_id": team_id} | values.model_dump())


def _remember(user_id: str, metric: Metric, snapshot: Snapshot | None, told: dict[str, float | None]) -> None:
    if snapshot is not None:
        snapshot.values = told
    else:
        db.session.add(Snapshot(user_id=user_id, metric=metric, values=told))


def _told(values: Values) -> dict[str, float | None]:
    """All but the window: it moves with the clock, and that is no news."""
    return values.model_dump(exclude={"from_", "to"})


def _measured(viewer: User, query: MetricQuery) -> list[str]:
    """The users whose tasks are counted: one, or all members of a team."""
    if query.team_id is None:
        return [_measurable(viewer, query.user_id)]
    _check_team(viewer, query.team_id)
    return member_ids(query.team_id)


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
