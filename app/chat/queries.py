"""Who takes part in which conversation, and what a participant sees of it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, or_, select

from app.chat.models import Conversation, Message, Participant, Reaction
from app.chat.schemas import ConversationView, MessageView
from app.core.pagination import PageQuery, page
from app.extensions import db

Reactions = dict[str, list[str]]
"""Who reacted, by emoji."""


def is_participant(user_id: str, conversation_id: str) -> bool:
    """Whether a user takes part in a conversation."""
    return db.session.get(Participant, (conversation_id, user_id)) is not None


def conversation_ids(user_id: str) -> list[str]:
    """The conversations that a user takes part in."""
    return list(db.session.scalars(select(Participant.conversation_id).where(Participant.user_id == user_id)))


def participant_count(conversation_id: str) -> int:
    """How many users take part in a conversation."""
    statement = select(func.count()).where(Participant.conversation_id == conversation_id)
    return db.session.scalar(statement) or 0


def conversations_page(viewer_id: str, query: PageQuery) -> dict[str, Any]:
    """A page of the conversations that the viewer takes part in."""
    mine = select(Conversation).join(Participant).where(Participant.user_id == viewer_id)
    found = page(mine, Conversation.id, query)
    return found | {"items": _conversation_views(viewer_id, found["items"])}


def conversation_view(viewer_id: str, conversation: Conversation) -> ConversationView:
    """A conversation as one of its participants sees it."""
    return _conversation_views(viewer_id, [conversation])[0]


def messages_page(conversation_id: str, query: PageQuery) -> dict[str, Any]:
    """A page of a conversation's messages, the deleted ones among them."""
    found = page(select(Message).where(Message.conversation_id == conversation_id), Message.id, query)
    return found | {"items": _message_views(found["items"])}


def message_view(message: Message) -> MessageView:
    """A message with its reactions."""
    return _message_views([message])[0]


def reactions_to(message_id: str) -> Reactions:
    """The reactions to a message; emojis and users each in the order of their code."""
    return _reactions([message_id])[message_id]


def _conversation_views(viewer_id: str, conversations: Sequence[Conversation]) -> list[ConversationView]:
    ids = [conversation.id for conversation in conversations]
    participants, unread = _participant_ids(ids), _unread_counts(viewer_id, ids)
    return [
        ConversationView(
            id=conversation.id,
            title=conversation.title,
            creator_id=conversation.creator_id,
            participant_ids=participants[conversation.id],
            unread_count=unread.get(conversation.id, 0),
            created_at=conversation.created_at,
        )
        for conversation in conversations
    ]


def _participant_ids(conversation_ids: Collection[str]) -> defaultdict[str, list[str]]:
    rows = db.session.execute(
        select(Participant.conversation_id, Participant.user_id)
        .where(Participant.conversation_id.in_(conversation_ids))
        .order_by(Participant.joined_at, Participant.user_id)
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for conversation_id, user_id in rows:
        found[conversation_id].append(user_id)
    return found


def _unread_counts(viewer_id: str, conversation_ids: Collection[str]) -> dict[str, int]:
    mark = Participant.last_read_message_id
    rows = db.session.execute(
        select(Message.conversation_id, func.count())
        .join(Participant, Participant.conversation_id == Message.conversation_id)
        .where(
            Participant.user_id == viewer_id,
            Message.conversation_id.in_(conversation_ids),
            Message.sender_id != viewer_id,
            Message.deleted_at.is_(None),
            Message.created_at >= Participant.joined_at,
            or_(mark.is_(None), Message.id > mark),
        )
        .group_by(Message.conversation_id)
    )
    return dict(rows.all())


def _message_views(messages: Sequence[Message]) -> list[MessageView]:
    reactions = _reactions([message.id for message in messages])
    return [
        MessageView(
            id=message.id,
            conversation_id=message.conversation_id,
            sender_id=message.sender_id,
            content=message.content,
            reply_to_id=message.reply_to_id,
            reactions=reactions[message.id],
            created_at=message.created_at,
            edited_at=message.edited_at,
            deleted_at=message.deleted_at,
        )
        for message in messages
    ]


def _reactions(message_ids: Collection[str]) -> dict[str, Reactions]:
    rows = db.session.execute(
        select(Reaction.message_id, Reaction.emoji, Reaction.user_id)
        .where(Reaction.message_id.in_(message_ids))
        .order_by(Reaction.emoji, Reaction.user_id)
    )
    found: dict[str, Reactions] = {id: {} for id in message_ids}
    for message_id, emoji, user_id in rows:
        found[message_id].setdefault(emoji, []).append(user_id)
    return found
