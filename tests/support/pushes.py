"""What is to be pushed, made through the API by people of the integration tests; and the queue and its worker."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from app.core.clock import now
from app.extensions import db
from app.push.models import PushSubscription, QueuedPush
from app.push.worker import PushWorker
from tests.integration.conftest import Person


def work(worker: PushWorker) -> dict[str, int]:
    """Send all that is due; what came of it."""
    before = worker.counts.copy()
    while threads := worker.step():
        for thread in threads:
            thread.join()
    return {result.value: count for result, count in (worker.counts - before).items()}


def notify(person: Person, title: str = "Look", type: str = "note") -> str:
    """Let a person notify themselves; returns the id."""
    form = {"userId": person.id, "type": type, "title": title, "message": "This."}
    answer = person.post("/api/notifications", form)
    assert answer.status_code == 201
    id: str = answer.get_json()["id"]
    return id


def waiting(app: Flask) -> list[tuple[int, float]]:
    """The tries and the seconds from now of each push in the queue."""
    with app.app_context():
        rows = db.session.scalars(select(QueuedPush).order_by(QueuedPush.id))
        return [(row.attempts, (row.due_at - now()).total_seconds()) for row in rows]


def let_time_pass(app: Flask) -> None:
    """All that waits is due, no claim holds any more, and no device rests."""
    with app.app_context():
        db.session.execute(update(QueuedPush).values(due_at=now() - timedelta(seconds=1)))
        db.session.execute(update(PushSubscription).values(claimed_until=None, rests_until=None))
        db.session.commit()
