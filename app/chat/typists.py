"""Who is typing where, as this process was told. It forgets by itself: a client may vanish in the middle of a word."""

from functools import partial

from app.chat.queries import is_participant
from app.config import current_settings
from app.core.errors import Forbidden
from app.engine.throttle import Timer
from app.events.chat import UserTyping
from app.extensions import socketio
from app.people.models import User

_typing: dict[tuple[str, str], Timer] = {}
"""What will end each typing, by the ids of the conversation and the user."""


def start_typing(user: User, conversation_id: str) -> None:
    """Tell the others that ``user`` is typing, for as long as the setting says after the last call.

    Raises:
        Forbidden: ``user`` doesn't take part; a conversation that doesn't exist reads the same.
    """
    _check_participant(user, conversation_id)
    key = (conversation_id, user.id)
    running = _typing.pop(key, None)
    _typing[key] = socketio.call_later(current_settings().typing_seconds, partial(_end, *key))
    if running is None:
        _tell(conversation_id, user.id, typing=True)
    else:
        running.cancel()


def stop_typing(user: User, conversation_id: str) -> None:
    """Tell the others that ``user`` is no longer typing, if they were.

    Raises:
        Forbidden: ``user`` doesn't take part; a conversation that doesn't exist reads the same.
    """
    _check_participant(user, conversation_id)
    running = _typing.get((conversation_id, user.id))
    if running is not None:
        running.cancel()
        _end(conversation_id, user.id)


def _check_participant(user: User, conversation_id: str) -> None:
    if not is_participant(user.id, conversation_id):
        raise Forbidden("You don't take part in this conversation.")


def _end(conversation_id: str, user_id: str) -> None:
    del _typing[conversation_id, user_id]
    _tell(conversation_id, user_id, typing=False)


def _tell(conversation_id: str, user_id: str, *, typing: bool) -> None:
    event = UserTyping(conversation_id=conversation_id, user_id=user_id, typing=typing)
    socketio.publish(event.envelope())
