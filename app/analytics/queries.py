"""What the metrics are computed from, and what was last told of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields

from sqlalchemy import or_, select

from app.analytics.formulas import TaskFacts
from app.analytics.window import Window
from app.extensions import db
from app.people.models import User
from app.tasks.models import Task

COLUMNS = [getattr(Task, field.name) for field in fields(TaskFacts)]


def tasks_of(user_ids: Collection[str], window: Window) -> Mapping[str, Sequence[TaskFacts]]:
    """The tasks of each user that any formula reads for a window that ends with ``window`` and starts no earlier."""
    matters = or_(  # a task completed for the first time in the window is open, or was completed in it again
        Task.completed_at.is_(None), Task.completed_at >= window.start, Task.rated_at >= window.start
    )
    rows = db.session.execute(
        select(Task.assignee_id, *COLUMNS).where(Task.assignee_id.in_(user_ids), Task.created_at < window.end, matters)
    )
    found = defaultdict(list)
    for assignee_id, *values in rows:
        found[assignee_id].append(TaskFacts(*values))
    return found


def wait_for_turn(user_id: str) -> None:
    """Let no other transaction recompute the user's metrics until this one ends: each counts what the other changed."""
    db.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
