"""Alerts of this process: found in its samples, stored, and told to admins and to the log."""

import logging
from collections.abc import Callable

from sqlalchemy import select

from app.config import Settings
from app.core.transaction import Transaction, transaction
from app.events.monitoring import AlertLevel, SystemAlert
from app.extensions import db, socketio
from app.monitoring.models import Alert
from app.monitoring.schemas import Sample
from app.monitoring.thresholds import Threshold, Turn, Watched
from app.people.models import Role, User

logger = logging.getLogger(__name__)

GOOD_BYES = frozenset({"client disconnect", "server disconnect"})
"""Reasons of disconnects that somebody wanted."""


class Alerts:
    """Looks at each sample of this process.

    Args:
        settings: they hold the thresholds.
    """

    def __init__(self, settings: Settings) -> None:
        self._watched = [Watched(threshold) for threshold in thresholds(settings) if threshold.most]
        self._open: dict[str, str] = {}

    def look(self, sample: Sample) -> None:
        """Raise what is wrong by now, and resolve what no longer is.

        What can't be stored is raised again with the next sample; the log is told each time.
        """
        for watched in self._watched:
            turn = watched.look(sample)
            if turn is not None:
                self._tell(watched.threshold, sample, turn)
                watched.told(turn)

    def _tell(self, threshold: Threshold, sample: Sample, turn: Turn) -> None:
        value = round(threshold.value(sample) or 0.0, 3)
        if turn is Turn.RAISED:
            message = (
                f"{threshold.what}: {value:g} {threshold.unit}, above {threshold.most:g}, in process {sample.process}"
            )
            logger.warning("alert %s: %s", threshold.code, message)
            alert = Alert(
                process=sample.process,
                code=threshold.code,
                level=threshold.level,
                message=message,
                value=value,
                threshold=threshold.most,
                since=sample.at,
                resolved_at=None,
            )
            with transaction() as tx:
                db.session.add(alert)
                publish(tx, alert)
            self._open[threshold.code] = alert.id
        else:
            logger.warning("alert %s is over in process %s", threshold.code, sample.process)
            with transaction() as tx:
                found = db.session.get(Alert, self._open[threshold.code])
                if found is not None and found.resolved_at is None:
                    found.value, found.resolved_at = value, sample.at
                    publish(tx, found)
            del self._open[threshold.code]


def resolve_those_of_the_dead(sample: Sample) -> None:
    """Resolve the alerts of processes that are no more: nobody else would."""
    living = socketio.presence.living()
    in_one_order = select(Alert).where(Alert.resolved_at.is_(None)).order_by(Alert.id)  # for every process does this
    with transaction() as tx:
        for alert in db.session.scalars(in_one_order.with_for_update()):
            if alert.process not in living:
                alert.resolved_at = sample.at
                publish(tx, alert)


def publish(tx: Transaction, alert: Alert) -> None:
    """Tell every admin of an alert as it is now."""
    db.session.flush()
    admins = db.session.scalars(select(User.id).where(User.role == Role.ADMIN, User.active))
    tx.publish(
        SystemAlert(
            admin_ids=tuple(admins),
            id=alert.id,
            level=alert.level,
            code=alert.code,
            message=alert.message,
            value=alert.value,
            threshold=alert.threshold,
            since=alert.since,
            resolved_at=alert.resolved_at,
        )
    )


def thresholds(settings: Settings) -> tuple[Threshold, ...]:
    """What alerts are raised by."""
    return (
        Threshold(
            "hub_lag",
            AlertLevel.CRITICAL,
            "The event loop is late",
            "ms",
            lambda s: s.hub_lag,
            settings.alert_hub_lag_ms,
        ),
        Threshold(
            "delivery_p99",
            AlertLevel.WARNING,
            "Events are delivered late (p99)",
            "ms",
            lambda s: s.latency_p99,
            settings.alert_delivery_p99_ms,
        ),
        Threshold(
            "backlog_age",
            AlertLevel.CRITICAL,
            "Committed events wait for their number",
            "s",
            lambda s: s.backlog_age,
            settings.alert_backlog_seconds,
        ),
        Threshold(
            "disconnect_rate",
            AlertLevel.WARNING,
            "Clients are cut off",
            "a second",
            _a_second(lambda s: sum(n for reason, n in s.disconnects.items() if reason not in GOOD_BYES)),
            settings.alert_disconnects_per_second,
        ),
        Threshold(
            "auth_failure_rate",
            AlertLevel.WARNING,
            "Logins and tokens are refused",
            "a second",
            _a_second(lambda s: s.auth_failures),
            settings.alert_auth_failures_per_second,
        ),
    )


def _a_second(count: Callable[[Sample], int]) -> Callable[[Sample], float]:
    return lambda sample: count(sample) / sample.seconds
