"""What other features' events mean for logins."""

from app.auth.service import end_logins, open_logins
from app.core.transaction import Transaction
from app.events.people import UserDeactivated
from app.events.subscriptions import subscribes


@subscribes(UserDeactivated)
def end_all_logins(tx: Transaction, event: UserDeactivated) -> None:
    """A deactivated user is logged out everywhere."""
    end_logins(tx, open_logins(event.user_id), "Your account was deactivated.")
