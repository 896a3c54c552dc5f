"""Samples are recorded in the background: a dashboard shows the last hour of every process, and alerts are raised."""

import logging
from datetime import timedelta
from itertools import count

from eventlet import sleep
from flask import Flask
from sqlalchemy import delete

from app.audit import queries as audit
from app.config import current_settings
from app.core.clock import now
from app.core.transaction import transaction
from app.extensions import db
from app.monitoring.alerts import Alerts, resolve_those_of_the_dead
from app.monitoring.models import Alert, ProcessSample
from app.monitoring.sampler import Sampler

logger = logging.getLogger(__name__)

KEPT = timedelta(hours=1)
ALERTS_KEPT = timedelta(days=30)
CLEANING = 12  # samples between two cleanings


class Recorder:
    """Takes a sample, stores it and lets the alerts look at it, for as long as the process lives.

    While the database is away there are no samples.

    Args:
        app: the application.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        with app.app_context():
            self._every = current_settings().sample_seconds
            self._alerts = Alerts(current_settings())

    def run(self) -> None:
        sampler = Sampler()
        for number in count():
            sleep(self._every)
            try:
                with self._app.app_context():
                    self.record(sampler, clean=number % CLEANING == 0)
            except Exception:
                logger.exception("no sample could be recorded; the next try is in %s s", self._every)

    def record(self, sampler: Sampler, *, clean: bool) -> None:
        """Take one sample, and store it.

        Args:
            sampler: takes it.
            clean: whether to remove what is too old, too.
        """
        sample = sampler.take()
        with transaction():
            figures = sample.model_dump_json(by_alias=True)
            db.session.add(ProcessSample(process=sample.process, at=sample.at, figures=figures))
            if clean:
                db.session.execute(delete(ProcessSample).where(ProcessSample.at < now() - KEPT))
                audit.trim()
                db.session.execute(delete(Alert).where(Alert.resolved_at < now() - ALERTS_KEPT))
        self._alerts.look(sample)
        if clean:
            resolve_those_of_the_dead(sample)
