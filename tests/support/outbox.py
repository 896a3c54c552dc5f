"""What the application published, as the event table keeps it."""

import json
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.events.models import events
from app.extensions import db

Published = list[tuple[str, Any, list[str]]]
"""The name, the payload and the rooms of each, in the order of publishing."""


def listen(app: Flask) -> Callable[[], Published]:
    """Returns a function that says what was published since this call."""
    already = len(_published(app))
    return lambda: _published(app)[already:]


def _published(app: Flask) -> Published:
    with app.app_context():
        rows = db.session.execute(select(events).order_by(events.c.id)).all()
    return [(row.event, json.loads(row.payload), json.loads(row.rooms)) for row in rows]
