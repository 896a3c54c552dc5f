"""Conversations and what is said in them.

To who doesn't take part, a conversation and its messages don't exist. Every change locks its conversation first: the
changes of one conversation commit one after the other, so that its events have the order of its messages.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ScalarSelect, delete, select
from sqlalchemy.exc import IntegrityError

from app.chat import queries
from app.chat.models import Conversation, Message, Participant, Reaction
from app.chat.schemas import MOST_OTHERS, EditMessage, MarkRead, StartConversation, WriteMessage
from app.core.clock import now
from app.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from app.core.ids import new_id_after
from app.core.pagination import PageQuery
from app.core.transaction import Transaction, transaction
from app.events.audit import AuditAction, Audited
from app.events.base import Channel
from app.events.chat import MessageDeleted, MessageReaction, MessageRead, MessageUpdated, NewMessage
from app.events.connection import LeaveReason
from app.events.controls import CheckRights, EnterRoom
from app.events.rooms import RoomKind
from app.extensions import db
from app.people.models import User
from app.people.queries import active_users

MOST_EMOJIS = 50  # different ones on one message; each reaction publishes all of them
MOST_OF_ONE = 10  # of these by one user, who else could leave none for the others


def get_conversation(actor: User, id: str) -> Conversation:
    """The conversation ``id``.

    Raises:
        NotFound: there is none, or ``actor`` doesn't take part in it.
    """
    conversation = db.session.get(Conversation, id)
    if conversation is None or not queries.is_participant(actor.id, id):
        raise NotFound("There is no such conversation.")
    return conversation


def get_messages(actor: User, conversation_id: str, query: PageQuery) -> dict[str, Any]:
    """A page of the messages of a conversation that ``actor`` takes part in."""
    return queries.messages_page(get_conversation(actor, conversation_id).id, query)


def start_conversation(actor: User, form: StartConversation) -> Conversation:
    """Begin a conversation of ``actor`` and the users that the form names.

    With one other and without a title it is their direct conversation: where the two have one, that is returned.

    Raises:
        ValidationFailed: one of them is not a user, or was deactivated.
    """
    ids = dict.fromkeys((actor.id, *form.participant_ids))
    with transaction() as tx:
        if len(active_users(ids)) < len(ids):
            raise ValidationFailed("The request is not valid.", {"participantIds": "must all be active users"})
        direct = form.title is None and len(ids) == 2
        begun = Conversation(title=form.title, creator_id=actor.id)
        begun.direct_key = ":".join(sorted(ids)) if direct else None
        conversation = _add(begun)
        if conversation is begun:
            _admit(tx, begun.id, ids)
        return conversation


def add_participant(actor: User, conversation_id: str, user_id: str) -> None:
    """Let a user take part in a conversation; every participant may. One who takes part already stays.

    A direct conversation is none any more: it is a group, and the two may begin another.

    Raises:
        NotFound: there is no such user, or they were deactivated.
        Conflict: the conversation is full.
    """
    with transaction() as tx:
        conversation = _enter(actor, conversation_id)
        if queries.is_participant(user_id, conversation_id):
            return
        if not active_users([user_id]):
            raise NotFound("There is no such user.")
        if queries.participant_count(conversation_id) > MOST_OTHERS:
            raise Conflict(f"A conversation takes {MOST_OTHERS + 1} participants at most.")
        conversation.direct_key = None
        _admit(tx, conversation_id, [user_id])


def remove_participant(actor: User, conversation_id: str, user_id: str) -> None:
    """Leave a conversation; as its creator, or as an admin who takes part, remove somebody from it.

    The one who left hears nothing of it any more; what they wrote stays. A direct conversation is none any more.
    """
    with transaction() as tx:
        conversation = _enter(actor, conversation_id)
        if actor.id not in (user_id, conversation.creator_id) and not actor.is_admin:
            raise Forbidden("Only an admin or the creator of the conversation may remove somebody else.")
        participant = db.session.get(Participant, (conversation_id, user_id))
        if participant is None:
            raise NotFound("The user is not in this conversation.")
        db.session.delete(participant)
        conversation.direct_key = None
        if actor.id != user_id:
            place, whom = ("conversation", conversation_id), {"userId": user_id}
            removed = AuditAction.PARTICIPANT_REMOVED
            tx.publish(Audited(action=removed, actor_id=actor.id, target=place, details=whom))
        tx.publish(CheckRights(user_ids=(user_id,), reason=LeaveReason.REMOVED))


def write_message(actor: User, conversation_id: str, form: WriteMessage) -> Message:
    """Say something in a conversation.

    Raises:
        ValidationFailed: what it replies to is not a message of the conversation, or was deleted.
    """
    with transaction() as tx:
        _enter(actor, conversation_id)
        if form.reply_to_id is not None:
            _check_reply(conversation_id, form.reply_to_id)
        message = Message(
            id=new_id_after(queries.newest_message_id(conversation_id)),  # read marks and pages go by it
            conversation_id=conversation_id,
            sender_id=actor.id,
            content=form.content,
            reply_to_id=form.reply_to_id,
        )
        db.session.add(message)
        db.session.flush()
        tx.publish(NewMessage.model_validate(message))
        return message


def edit_message(actor: User, id: str, form: EditMessage) -> Message:
    """Change what one said; the same content again changes nothing.

    Raises:
        Forbidden: somebody else said it.
    """
    with transaction() as tx:
        message = _own_message(actor, id)
        if message.content != form.content:
            message.content, message.edited_at = form.content, now()
            tx.publish(MessageUpdated.model_validate(message))
        return message


def delete_message(actor: User, id: str) -> None:
    """Take back what one said: its content and the reactions are gone, its place in the conversation stays.

    Raises:
        Forbidden: somebody else said it.
    """
    with transaction() as tx:
        message = _own_message(actor, id)
        message.content, message.deleted_at = "", now()
        db.session.execute(delete(Reaction).where(Reaction.message_id == id))
        tx.publish(MessageDeleted.model_validate(message))


def react(actor: User, message_id: str, emoji: str) -> MessageReaction:
    """Put an emoji on a message; one that ``actor`` has put there already stays.

    Returns:
        All reactions to the message, as they were published if one was new.

    Raises:
        Conflict: the message has as many different emojis as it may, or as many by ``actor``.
    """
    with transaction() as tx:
        message = _message(actor, message_id)
        before = _reactions(message)
        if actor.id in before.reactions.get(emoji, ()):
            return before
        if sum(actor.id in users for users in before.reactions.values()) >= MOST_OF_ONE:
            raise Conflict(f"A message takes {MOST_OF_ONE} different emojis of one user at most.")
        if emoji not in before.reactions and len(before.reactions) >= MOST_EMOJIS:
            raise Conflict(f"A message takes {MOST_EMOJIS} different emojis at most.")
        db.session.add(Reaction(message_id=message_id, user_id=actor.id, emoji=emoji))
        after = _reactions(message)
        tx.publish(after)
        return after


def take_reaction_back(actor: User, message_id: str, emoji: str) -> None:
    """Take one's emoji off a message; one that isn't there is off already."""
    with transaction() as tx:
        message = _message(actor, message_id)
        reaction = db.session.get(Reaction, (message_id, actor.id, emoji))
        if reaction is not None:
            db.session.delete(reaction)
            tx.publish(_reactions(message))


def mark_read(actor: User, conversation_id: str, form: MarkRead) -> MessageRead:
    """Say up to which message ``actor`` has read. The mark never goes back: one before it changes nothing.

    Returns:
        The mark as it is now.

    Raises:
        NotFound: the conversation has no such message.
    """
    with transaction() as tx:
        _enter(actor, conversation_id)
        message = db.session.get(Message, form.message_id)
        if message is None or message.conversation_id != conversation_id:
            raise NotFound("There is no such message in this conversation.")
        participant = db.session.get_one(Participant, (conversation_id, actor.id))
        if participant.last_read_message_id is not None and participant.last_read_message_id >= message.id:
            return _receipt(participant)
        participant.last_read_message_id, participant.read_at = message.id, now()
        tx.publish(_receipt(participant))
        return _receipt(participant)


def _add(conversation: Conversation) -> Conversation:
    """Add a conversation. Where the two have a direct one, that is returned, though it was begun at the same moment."""
    if older := _locked_direct(conversation.direct_key):
        return older
    try:
        with db.session.begin_nested():
            db.session.add(conversation)
    except IntegrityError:
        if older := _locked_direct(conversation.direct_key):
            return older
        raise
    return conversation


def _locked_direct(key: str | None) -> Conversation | None:
    """The direct conversation of two, unless a third one is added to it at this moment."""
    found = queries.direct_conversation(key)
    if found is not None:
        _lock(found.id)
        db.session.refresh(found)
    return found if found is not None and found.direct_key == key else None


def _enter(actor: User, conversation_id: str) -> Conversation:
    _lock(conversation_id)
    return get_conversation(actor, conversation_id)


def _lock(conversation_id: str | ScalarSelect[str]) -> None:
    statement = select(Conversation.id).where(Conversation.id == conversation_id)
    db.session.execute(statement.with_for_update(key_share=True))


def _admit(tx: Transaction, conversation_id: str, user_ids: Collection[str]) -> None:
    newest = queries.newest_message_id(conversation_id) or ""
    db.session.add_all(
        Participant(conversation_id=conversation_id, user_id=id, joined_behind=newest) for id in user_ids
    )
    room = RoomKind.CHAT.room(conversation_id)
    tx.publish(EnterRoom(user_ids=tuple(user_ids), namespace=Channel.CHAT.namespace, room=room))


def _check_reply(conversation_id: str, reply_to_id: str) -> None:
    message = db.session.get(Message, reply_to_id)
    if message is None or message.conversation_id != conversation_id or message.deleted_at is not None:
        raise ValidationFailed("The request is not valid.", {"replyToId": "not a message of this conversation"})


def _message(actor: User, id: str) -> Message:
    _lock(select(Message.conversation_id).where(Message.id == id).scalar_subquery())
    message = db.session.get(Message, id)
    if (
        message is None
        or message.deleted_at is not None
        or not queries.is_participant(actor.id, message.conversation_id)
    ):
        raise NotFound("There is no such message.")
    return message


def _own_message(actor: User, id: str) -> Message:
    message = _message(actor, id)
    if message.sender_id != actor.id:
        raise Forbidden("Only its sender may change a message.")
    return message


def _reactions(message: Message) -> MessageReaction:
    return MessageReaction(
        message_id=message.id,
        conversation_id=message.conversation_id,
        reactions=queries.reactions_to(message.id),
    )


def _receipt(participant: Participant) -> MessageRead:
    return MessageRead.model_validate(
        {
            "conversation_id": participant.conversation_id,
            "user_id": participant.user_id,
            "message_id": participant.last_read_message_id,
            "read_at": participant.read_at,
        }
    )
