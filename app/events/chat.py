"""Events of the channel ``chat``: all go to ``chat-<conversationId>``."""

from typing import ClassVar

from app.core.clock import Timestamp
from app.events.base import Channel, Conflation, Event
from app.events.rooms import RoomKind, sockets_of_user


class ChatEvent(Event):
    """An event in one conversation."""

    channel: ClassVar[Channel | None] = Channel.CHAT
    conversation_id: str

    def rooms(self) -> tuple[str, ...]:
        return (RoomKind.CHAT.room(self.conversation_id),)


class NewMessage(ChatEvent):
    """A message was written."""

    name: ClassVar[str] = "new-message"
    id: str
    conversation_id: str
    sender_id: str
    content: str
    reply_to_id: str | None
    created_at: Timestamp


class MessageUpdated(ChatEvent):
    """A message was edited by its sender."""

    name: ClassVar[str] = "message-updated"
    id: str
    conversation_id: str
    content: str
    edited_at: Timestamp


class MessageDeleted(ChatEvent):
    """A message was deleted by its sender."""

    name: ClassVar[str] = "message-deleted"
    id: str
    conversation_id: str
    deleted_at: Timestamp


class MessageReaction(ChatEvent):
    """The reactions to a message changed; this is all of them: who reacted, by emoji."""

    name: ClassVar[str] = "message-reaction"
    message_id: str
    conversation_id: str
    reactions: dict[str, list[str]]


class MessageRead(ChatEvent):
    """A participant has read the conversation up to a message."""

    name: ClassVar[str] = "message-read"
    conversation_id: str
    user_id: str
    message_id: str
    read_at: Timestamp


class UserTyping(ChatEvent):
    """A participant began or stopped to type; the typist doesn't hear it. Ephemeral."""

    name: ClassVar[str] = "user-typing"
    durable: ClassVar[bool] = False
    conflation: ClassVar[Conflation | None] = Conflation(by=("conversation_id", "user_id"), ceiling=20)
    conversation_id: str
    user_id: str
    typing: bool

    def skip(self) -> tuple[str, ...]:
        return (sockets_of_user(self.user_id),)
