"""Who is typing where. Every process knows it of all, and tells its own sockets when that changes.

So each socket hears one beginning and one end, whichever processes the typist speaks to, and one that comes later, or
comes back, is told who types then. And since each process forgets by itself, a client that vanishes in the middle of a
word, or a process that dies, leaves nobody typing.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from app.chat.queries import is_participant
from app.config import current_settings
from app.core.errors import Forbidden
from app.core.rate_limits import rate_limits
from app.engine import Envelope
from app.engine.throttle import Timer
from app.events.chat import NewMessage, UserTyping
from app.events.controls import TypingHeard
from app.events.rooms import RoomKind
from app.extensions import socketio
from app.people.models import User
from app.realtime.connections import Connection, current_connection, find

Typist = tuple[str, str]
"""The ids of a conversation and of a user who types there."""


@dataclass
class _Typing:
    """What every process knows: what will end the typing, and what to do when it needs no ending by a message."""

    expiry: Timer
    stop_listening: Callable[[], None]


@dataclass
class _Keys:
    """What only the process knows that the typist speaks to, so that others hear of a few of many key presses.

    Attributes:
        sid: the socket that said so last.
        pressed_at: when; monotonic.
        told_at: when the other processes were told last.
        next_telling: until when a further key press waits; None: it is told at once.
    """

    sid: str
    pressed_at: float
    told_at: float = 0
    next_telling: Timer | None = None


_typing: dict[Typist, _Typing] = {}
_keys: dict[Typist, _Keys] = {}


def start_typing(user: User, conversation_id: str) -> None:
    """Tell the others that ``user`` is typing, for as long as the setting says after the last call.

    Raises:
        Forbidden: ``user`` doesn't take part; a conversation that doesn't exist reads the same.
        RateLimited: they began too often.
    """
    _check_participant(user, conversation_id)
    typist = (conversation_id, user.id)
    sid, now = current_connection().sid, time.monotonic()
    keys = _keys.get(typist)
    if keys is None:
        rate_limits().typing.hit("/".join(typist))
        keys = _keys[typist] = _Keys(sid, now)
    keys.sid, keys.pressed_at = sid, now
    if keys.next_telling is None:
        _pass_on(typist, current_settings().typing_seconds)


def stop_typing(user: User, conversation_id: str) -> None:
    """Tell the others that ``user`` is no longer typing, if they were.

    Raises:
        Forbidden: ``user`` doesn't take part; a conversation that doesn't exist reads the same.
    """
    _check_participant(user, conversation_id)
    _stop((conversation_id, user.id))


def tell_all_who_type(sid: str) -> None:
    """Tell a socket that is here from now on who types in its rooms."""
    connection = find(sid) if _typing else None
    if connection is not None:
        tell_who_types(connection, socketio.server.rooms(sid, connection.namespace))


def tell_who_types(connection: Connection, rooms: Collection[str]) -> None:
    """Tell a socket who types in ``rooms``, which it enters before the next yield or has just begun to hear."""
    for conversation_id, user_id in _typing:
        if RoomKind.CHAT.room(conversation_id) in rooms and user_id != connection.user_id:
            event = UserTyping(conversation_id=conversation_id, user_id=user_id, typing=True)
            socketio.hub.tell(connection.sid, connection.namespace, event.envelope())


def socket_gone(sid: str) -> None:
    """Who typed by the socket ``sid`` types no longer. Others are told soon: this may be called within a broadcast."""
    for typist in [typist for typist, keys in _keys.items() if keys.sid == sid]:
        socketio.call_later(0, partial(_stop, typist))


def check_participants(user_ids: Collection[str]) -> None:
    """Those of ``user_ids`` who left a conversation, or were removed, no longer type there. Every process is told."""
    for conversation_id, user_id in [typist for typist in _typing if typist[1] in user_ids]:
        if not is_participant(user_id, conversation_id):
            _end((conversation_id, user_id))


def register() -> None:
    """Bind what this process does when any process says that somebody types."""

    @socketio.control(TypingHeard.name)
    def heard(envelope: Envelope) -> None:
        message = TypingHeard.model_validate_json(envelope.payload)
        typist = (message.conversation_id, message.user_id)
        if message.seconds <= 0:
            _end(typist)
        elif typist in _typing:
            _typing[typist].expiry.cancel()
            _typing[typist].expiry = socketio.call_later(message.seconds, partial(_end, typist))
        elif message.begin:
            _begin(typist, message.seconds)


def _check_participant(user: User, conversation_id: str) -> None:
    if not is_participant(user.id, conversation_id):
        raise Forbidden("You don't take part in this conversation.")


def _pass_on(typist: Typist, lasting: float) -> None:
    """Tell every process of the last key press, unless they know of it, and of those that follow in a while."""
    keys = _keys.get(typist)
    if keys is None:
        return
    keys.next_telling = None
    if keys.pressed_at > keys.told_at:
        begin = keys.told_at == 0 or typist not in _typing  # an end may be on its way in front of the first
        keys.told_at = time.monotonic()
        keys.next_telling = socketio.call_later(lasting / 3, partial(_pass_on, typist, lasting))
        _say(typist, lasting - (keys.told_at - keys.pressed_at), begin=begin)
    elif typist not in _typing:  # it ended before anybody heard that it began
        del _keys[typist]


def _stop(typist: Typist) -> None:
    """Tell every process of the end, where this one knows of a beginning; one that is on its way ends by itself."""
    if typist in _keys or typist in _typing:
        _forget_keys(typist)
        _say(typist, 0)


def _say(typist: Typist, seconds: float, *, begin: bool = False) -> None:
    conversation_id, user_id = typist
    message = TypingHeard(conversation_id=conversation_id, user_id=user_id, seconds=seconds, begin=begin)
    socketio.publish(message.envelope())


def _begin(typist: Typist, seconds: float) -> None:
    expiry = socketio.call_later(seconds, partial(_end, typist))
    stop_listening = socketio.hub.tap(RoomKind.CHAT.room(typist[0]), partial(_end_with_message, typist))
    _typing[typist] = _Typing(expiry, stop_listening)
    _tell(typist, typing=True)


def _end_with_message(typist: Typist, envelope: Envelope) -> None:
    """Who has written no longer types; the sockets hear so behind the message, which is being delivered."""
    if envelope.event == NewMessage.name:
        message = NewMessage.model_validate_json(envelope.payload)
        if message.sender_id == typist[1]:
            socketio.call_later(0, partial(_end, typist))


def _end(typist: Typist) -> None:
    _forget_keys(typist)
    ended = _typing.pop(typist, None)
    if ended is not None:
        ended.expiry.cancel()
        ended.stop_listening()
        _tell(typist, typing=False)


def _forget_keys(typist: Typist) -> None:
    keys = _keys.pop(typist, None)
    if keys is not None and keys.next_telling is not None:
        keys.next_telling.cancel()


def _tell(typist: Typist, *, typing: bool) -> None:
    conversation_id, user_id = typist
    event = UserTyping(conversation_id=conversation_id, user_id=user_id, typing=typing)
    socketio.deliver_here(event.envelope())
