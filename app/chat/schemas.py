"""What the chat routes take and answer."""

from typing import Annotated

from pydantic import Field

from app.core.clock import Timestamp
from app.core.schema import Id, Schema, text

MOST_OTHERS = 100  # participants beside the creator
MessageText = Annotated[str, text(10_000)]


class StartConversation(Schema):
    """A new conversation of the caller with ``participant_ids``."""

    title: Annotated[str, text(100)] | None = None
    participant_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_OTHERS)]


class WriteMessage(Schema):
    """A new message, perhaps in reply to one of the same conversation."""

    content: MessageText
    reply_to_id: Id | None = None


class EditMessage(Schema):
    """What a message shall say from now on."""

    content: MessageText


class MarkRead(Schema):
    """The message up to which the conversation was read."""

    message_id: Id


class ReadMark(Schema):
    """Up to which message a participant has read, and when they said so."""

    user_id: str
    message_id: str
    read_at: Timestamp


class ConversationView(Schema):
    """A conversation as a participant sees it.

    ``unread_count`` is of others' messages since they joined, counted among the newest 500. ``reads`` has an entry
    for each participant who has read something. ``direct``: the one conversation of these two without a title.
    """

    id: str
    title: str | None
    direct: bool
    creator_id: str
    participant_ids: list[str]
    unread_count: int
    reads: list[ReadMark]
    created_at: Timestamp


class ConversationPage(Schema):
    """A page of conversations."""

    items: list[ConversationView]
    next_cursor: str | None


class Quote(Schema):
    """The message that another replies to: the beginning of what it says now; nothing once it was deleted."""

    id: str
    sender_id: str
    content: str
    deleted_at: Timestamp | None


class MessageView(Schema):
    """A message, and who reacted to it, by emoji. One that was deleted has an empty content and no reactions."""

    id: str
    conversation_id: str
    sender_id: str
    content: str
    reply_to_id: str | None
    reply_to: Quote | None
    reactions: dict[str, list[str]]
    created_at: Timestamp
    edited_at: Timestamp | None
    deleted_at: Timestamp | None


class MessagePage(Schema):
    """A page of messages."""

    items: list[MessageView]
    next_cursor: str | None
