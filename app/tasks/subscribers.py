"""What becomes of tasks when somebody leaves."""

from sqlalchemy import delete, select

from app.core.transaction import Transaction
from app.events.people import TeamLeft
from app.events.subscriptions import subscribes
from app.extensions import db
from app.tasks.models import Task, Watcher


@subscribes(TeamLeft)
def stop_watching(_: Transaction, event: TeamLeft) -> None:
    """Who leaves a team watches its tasks no longer: watching one gives the right to see it."""
    of_the_team = select(Task.id).where(Task.team_id == event.team_id)
    watching = delete(Watcher).where(Watcher.user_id == event.user_id, Watcher.task_id.in_(of_the_team))
    db.session.execute(watching.execution_options(synchronize_session=False))
