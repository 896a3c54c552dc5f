"""Metrics for tests: where they are asked for, and tasks with a past for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from app.extensions import db
from app.tasks.models import Task
from tests.integration.conftest import Person

PATH = "/api/analytics"
METRICS = ["productivity", "efficiency", "quality"]
START = datetime(2026, 3, 1, tzinfo=UTC)
MARCH = "from=2026-03-01T00:00:00Z&to=2026-03-11T00:00:00Z"
NO_TASKS: dict[str, dict[str, Any]] = {
    "productivity": {
        "assigned": 0,
        "completed": 0,
        "active": 0,
        "completionRate": None,
        "throughputPerDay": 0,
        "score": None,
    },
    "efficiency": {"onTimeRate": None, "avgCycleHours": None, "estimateAccuracy": None, "score": None},
    "quality": {"reopenRate": None, "avgRating": None, "ratedTasks": 0, "score": None},
}


def day(number: int) -> datetime:
    """Noon of the day ``number`` of March."""
    return START + timedelta(days=number - 1, hours=12)


def keep_task(app: Flask, assignee: Person, **columns: Any) -> None:
    """A task with a past, which the API can't give it."""
    with app.app_context():
        db.session.add(Task(title="T", creator_id=assignee.id, assignee_id=assignee.id, **columns))
        db.session.commit()
