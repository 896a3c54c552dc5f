"""What other features' events mean for logins."""

from app.auth.service import end_logins, open_logins
from app.core.transaction import Transaction
from app.events.controls import EndConnections
from app.events.people import RoleChanged, UserDeactivated
from app.events.subscriptions import subscribes


@subscribes(UserDeactivated)
def end_all_logins(tx: Transaction, event: UserDeactivated) -> None:
    """A deactivated user is logged out everywhere."""
    end_logins(tx, open_logins(event.user_id), "Your account was deactivated.")


@subscribes(RoleChanged)
def end_all_connections(tx: Transaction, event: RoleChanged) -> None:
    """Nobody goes on with what they were let in as; the logins are good still, for connecting again."""
    if logins := tuple(open_logins(event.user_id)):
        why = "Your role was changed; connect again."
        tx.publish(EndConnections(login_ids=logins, code="role_changed", message=why))
