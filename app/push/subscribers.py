"""What is worth a push, and what ends pushing."""

from app.core.transaction import Transaction
from app.events.chat import NewMessage
from app.events.controls import EndConnections
from app.events.notifications import NewNotification
from app.events.subscriptions import subscribes
from app.push.models import Subject
from app.push.queries import other_of_two
from app.push.service import end_with_logins, enqueue


@subscribes(NewNotification)
def notification_made(_: Transaction, event: NewNotification) -> None:
    """Each is pushed; the newest of a type takes the place of those before."""
    [room] = event.rooms()
    enqueue(event.user_id, room, Subject.NOTIFICATION, event.id, f"notification-{event.type}")


@subscribes(NewMessage)
def message_written(_: Transaction, event: NewMessage) -> None:
    """In a conversation of two the other is pushed to; the newest message takes the place of those before."""
    reader_id = other_of_two(event.conversation_id, event.sender_id)
    if reader_id is not None:
        [room] = event.rooms()
        enqueue(reader_id, room, Subject.MESSAGE, event.id, room)


@subscribes(EndConnections)
def logins_ended(_: Transaction, event: EndConnections) -> None:
    """Whoever logs out, or is logged out, hears nothing more on that device."""
    end_with_logins(event.login_ids)
