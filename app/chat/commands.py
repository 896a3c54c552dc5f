"""The commands of chat: ``typing-start`` and ``typing-stop``."""

from app.chat.typists import start_typing, stop_typing
from app.events.base import Ack
from app.events.commands import TypingStart, TypingStop
from app.people.models import User
from app.realtime.command import command


@command(TypingStart)
def typing_start(user: User, command: TypingStart) -> Ack:
    """Tell the conversation that the user is typing."""
    start_typing(user, command.conversation_id)
    return Ack()


@command(TypingStop)
def typing_stop(user: User, command: TypingStop) -> Ack:
    """Tell the conversation that the user is no longer typing."""
    stop_typing(user, command.conversation_id)
    return Ack()
