"""A worker of the product, which serves nothing: commits durable events for a user in one transaction, and logs when.

``python -m bench.committing USER_ID MESSAGE TOTAL``
"""

import wsgi  # before all else: it patches the standard library

# isort: split
import sys

from app.core.clock import now
from app.core.ids import new_id
from app.core.transaction import transaction
from app.events.notifications import NewNotification
from bench.commits import write_down


def _notification(user_id: str, message: str, number: int) -> NewNotification:
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
    _, user_id, message, total = sys.argv
    with wsgi.app.app_context(), transaction() as tx:
        for number in range(int(total)):
            tx.publish(_notification(user_id, message, number))
    write_down()
