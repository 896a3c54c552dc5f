"""What it costs to take from a queue of pushes, in steps of SQLite."""

import pytest
from flask import Flask

from app.push import queue
from app.push.queue import LOOKED_AT
from tests.support.many_pushes import fill
from tests.support.sqlite_work import work_for


@pytest.fixture
def database_url() -> str:
    """An SQLite file, always."""
    return ""


def test_to_take_from_a_long_queue_costs_no_more_than_from_a_short_one(app: Flask) -> None:
    with app.app_context():
        fill(2 * LOOKED_AT)
        short = work_for(lambda: queue.claim(20, []))
        fill(8 * LOOKED_AT)
        assert work_for(lambda: queue.claim(20, [])) < 1.2 * short
