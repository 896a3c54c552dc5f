"""Who takes part in which conversation, and what a participant sees of it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import case, func, select

from app.chat.models import Conversation, Message, Participant, Reaction
from app.chat.schemas import ConversationView, MessageView, Quote, ReadMark
from app.core.pagination import PageQuery, page
from app.extensions import db

Reactions = dict[str, list[str]]
"""Who reacted, by emoji."""

UNREAD_AMONG = 500  # of the newest messages, each of which is looked at; a list may hold 100 conversations
QUOTED = 200  # characters of a message that another replies to


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


def direct_conversation(key: str | None) -> Conversation | None:
    """The direct conversation with this key; a group has none, and is none's."""
    if key is None:
        return None
    return db.session.scalar(select(Conversation).where(Conversation.direct_key == key))


def newest_message_id(conversation_id: str) -> str | None:
    """The last message of a conversation, the deleted ones counted; None before the first."""
    return db.session.scalar(select(func.max(Message.id)).where(Message.conversation_id == conversation_id))


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
    participants, unread = _participants(ids), _unread_counts(viewer_id, ids)
    return [
        ConversationView(
            id=conversation.id,
            title=conversation.title,
            direct=conversation.direct,
            creator_id=conversation.creator_id,
            participant_ids=[participant.user_id for participant in participants[conversation.id]],
            unread_count=unread.get(conversation.id, 0),
            reads=[mark for mark in map(_read_mark, participants[conversation.id]) if mark],
            created_at=conversation.created_at,
        )
        for conversation in conversations
    ]


def _participants(conversation_ids: Collection[str]) -> defaultdict[str, list[Participant]]:
    rows = db.session.scalars(
        select(Participant)
        .where(Participant.conversation_id.in_(conversation_ids))
        .order_by(Participant.joined_at, Participant.user_id)
    )
    found: defaultdict[str, list[Participant]] = defaultdict(list)
    for participant in rows:
        found[participant.conversation_id].append(participant)
    return found


def _read_mark(participant: Participant) -> ReadMark | None:
    if participant.last_read_message_id is None or participant.read_at is None:
        return None
    return ReadMark(
        user_id=participant.user_id, message_id=participant.last_read_message_id, read_at=participant.read_at
    )


def _unread_counts(viewer_id: str, conversation_ids: Collection[str]) -> dict[str, int]:
    joined, read = Participant.joined_behind, Participant.last_read_message_id
    newest = (
        select(Message.sender_id)
        .where(
            Message.conversation_id == Participant.conversation_id,
            Message.id > case((read > joined, read), else_=joined),  # one bound, from which the index is read
            Message.deleted_at.is_(None),
        )
        .order_by(Message.id.desc())
        .limit(UNREAD_AMONG)
        .correlate(Participant)
        .subquery("newest")
    )
    unread = (
        select(func.count())
        .select_from(newest)
        .where(newest.c.sender_id != viewer_id)
        .correlate(Participant)
        .scalar_subquery()
    )
    mine = Participant.user_id == viewer_id, Participant.conversation_id.in_(conversation_ids)
    return dict(db.session.execute(select(Participant.conversation_id, unread).where(*mine)).all())


def _message_views(messages: Sequence[Message]) -> list[MessageView]:
    reactions = _reactions([message.id for message in messages])
    quotes = _quotes({message.reply_to_id for message in messages if message.reply_to_id})
    return [
        MessageView(
            id=message.id,
            conversation_id=message.conversation_id,
            sender_id=message.sender_id,
            content=message.content,
            reply_to_id=message.reply_to_id,
            reply_to=quotes.get(message.reply_to_id or ""),
            reactions=reactions[message.id],
            created_at=message.created_at,
            edited_at=message.edited_at,
            deleted_at=message.deleted_at,
        )
        for message in messages
    ]


def _quotes(message_ids: Collection[str]) -> dict[str, Quote]:
    beginning = func.substr(Message.content, 1, QUOTED + 1)
    rows = db.session.execute(
        select(Message.id, Message.sender_id, beginning, Message.deleted_at).where(Message.id.in_(message_ids))
    )
    return {
        id: Quote(id=id, sender_id=sender_id, content=_shortened(content), deleted_at=deleted_at)
        for id, sender_id, content, deleted_at in rows
    }


def _shortened(text: str) -> str:
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


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
