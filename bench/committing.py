"""A worker of the product, which serves nothing: commits durable events for a user, some in each transaction.

``python -m bench.committing USER_ID MESSAGE TOTAL A_TRANSACTION``
"""

import wsgi  # before all else: it patches the standard library

# isort: split
import sys

from app.core.clock import now
from app.core.ids import new_id
from app.core.transaction import transaction
from app.events.notifications import NewNotification


def _event(user_id: str, message: str, number: int) -> NewNotification:
    return NewNotification(
        id=new_id(),
        user_id=user_id,
        type="note",
        title=str(number),
        message=message,
        data=None,
        read=False,
        created_at=now(),
    )


if __name__ == "__main__":
    user_id, message = sys.argv[1:3]
    total, a_transaction = map(int, sys.argv[3:])
    with wsgi.app.app_context():
        for first in range(0, total, a_transaction):
            with transaction() as tx:
                for number in range(first, min(first + a_transaction, total)):
                    tx.publish(_event(user_id, message, number))
