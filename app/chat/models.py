"""Conversations and what is in them."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import UtcDateTime, now
from app.core.ids import new_id
from app.extensions import Model

KEPT = text("deleted_at IS NULL")


class Conversation(Model):
    """Some users who write to each other.

    Attributes:
        direct_key: the two, while it is the direct conversation of a pair: begun without a title, nobody came or left.
    """

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    title: Mapped[str | None] = mapped_column(String(100))
    direct_key: Mapped[str | None] = mapped_column(String(73), unique=True, index=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    @hybrid_property
    def direct(self) -> bool:
        """Whether it is the direct conversation of two; a query can ask it, too."""
        return self.direct_key is not None

    @direct.inplace.expression
    @classmethod
    def _direct(cls) -> ColumnElement[bool]:
        return cls.direct_key.is_not(None)


class Message(Model):
    """What a participant wrote. A deleted message keeps its place, so that replies to it still make sense."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_conversation_id_id", "conversation_id", "id"),
        Index("ix_messages_kept", "conversation_id", "id", postgresql_where=KEPT, sqlite_where=KEPT),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    sender_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    content: Mapped[str] = mapped_column(Text)
    reply_to_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Participant(Model):
    """A user in a conversation, and the message up to which they have read it.

    Attributes:
        joined_behind: the newest message when they joined, or the empty string. Ids have the order of the messages;
            times are of the clocks of several processes.
    """

    __tablename__ = "participants"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    joined_behind: Mapped[str] = mapped_column(String(36), default="")
    last_read_message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"))
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Reaction(Model):
    """An emoji that a user put on a message."""

    __tablename__ = "reactions"

    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    emoji: Mapped[str] = mapped_column(String(32), primary_key=True)
