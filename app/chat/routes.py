"""``/api/chat``."""

from typing import Any

from flask import Blueprint

from app.auth.guard import authenticated, current_user
from app.chat import queries, service
from app.chat.emoji import parse_emoji
from app.chat.schemas import (
    ConversationPage,
    ConversationView,
    EditMessage,
    MarkRead,
    MessagePage,
    MessageView,
    StartConversation,
    WriteMessage,
)
from app.core.api import body, fails, query, returns
from app.core.idempotency import idempotent
from app.core.pagination import PageQuery
from app.events.chat import MessageReaction, MessageRead

bp = Blueprint("chat", __name__, url_prefix="/api/chat")


@bp.get("/conversations")
@authenticated
@query(PageQuery)
@returns(ConversationPage)
def list_conversations(query: PageQuery) -> dict[str, Any]:
    """The conversations that one takes part in, newest first."""
    return queries.conversations_page(current_user().id, query)


@bp.post("/conversations")
@authenticated
@idempotent
@body(StartConversation)
@returns(ConversationView, 201)
def start_conversation(body: StartConversation) -> ConversationView:
    """Begin a conversation; one takes part in it oneself."""
    conversation = service.start_conversation(current_user(), body)
    return queries.conversation_view(current_user().id, conversation)


@bp.get("/conversations/<id>")
@authenticated
@returns(ConversationView)
def get_conversation(id: str) -> ConversationView:
    """A conversation that one takes part in."""
    return queries.conversation_view(current_user().id, service.get_conversation(current_user(), id))


@bp.put("/conversations/<id>/participants/<user_id>")
@authenticated
@fails(409)
@returns(None, 204)
def add_participant(id: str, user_id: str) -> None:
    """Let a user take part (any participant may)."""
    service.add_participant(current_user(), id, user_id)


@bp.delete("/conversations/<id>/participants/<user_id>")
@authenticated
@returns(None, 204)
def remove_participant(id: str, user_id: str) -> None:
    """Leave; remove somebody else (its creator, or an admin who takes part)."""
    service.remove_participant(current_user(), id, user_id)


@bp.get("/conversations/<id>/messages")
@authenticated
@query(PageQuery)
@returns(MessagePage)
def list_messages(id: str, query: PageQuery) -> dict[str, Any]:
    """The messages of a conversation, newest first; deleted ones without their content."""
    return service.get_messages(current_user(), id, query)


@bp.post("/conversations/<id>/messages")
@authenticated
@idempotent
@body(WriteMessage)
@returns(MessageView, 201)
def write_message(id: str, body: WriteMessage) -> MessageView:
    """Write a message."""
    return queries.message_view(service.write_message(current_user(), id, body))


@bp.patch("/messages/<id>")
@authenticated
@body(EditMessage)
@returns(MessageView)
def edit_message(id: str, body: EditMessage) -> MessageView:
    """Edit a message of one's own."""
    return queries.message_view(service.edit_message(current_user(), id, body))


@bp.delete("/messages/<id>")
@authenticated
@returns(None, 204)
def delete_message(id: str) -> None:
    """Delete a message of one's own; it keeps its place in the conversation."""
    service.delete_message(current_user(), id)


@bp.put("/messages/<id>/reactions/<emoji>")
@authenticated
@fails(409)
@returns(MessageReaction)
def react(id: str, emoji: str) -> MessageReaction:
    """Put an emoji on a message; the answer is all reactions to it.

    An emoji has 32 characters at most. A message takes 50 different ones over all users, and 10 of one user.
    """
    return service.react(current_user(), id, parse_emoji(emoji))


@bp.delete("/messages/<id>/reactions/<emoji>")
@authenticated
@returns(None, 204)
def take_reaction_back(id: str, emoji: str) -> None:
    """Take one's emoji off a message."""
    service.take_reaction_back(current_user(), id, parse_emoji(emoji))


@bp.post("/conversations/<id>/read")
@authenticated
@body(MarkRead)
@returns(MessageRead)
def mark_read(id: str, body: MarkRead) -> MessageRead:
    """Say up to which message one has read; the answer is the mark, which never goes back."""
    return service.mark_read(current_user(), id, body)
