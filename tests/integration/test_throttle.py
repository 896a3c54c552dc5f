"""The ceiling of ephemeral events, by those who type in one conversation at once."""

import eventlet

from app.events.chat import UserTyping
from app.extensions import socketio
from tests.integration.conftest import Person, Socket
from tests.support.chat import start

CONFLATION = UserTyping.conflation
assert CONFLATION is not None
assert CONFLATION.ceiling is not None
CEILING = CONFLATION.ceiling
TYPISTS = [f"typist-{number}" for number in range(CEILING + 3)]
PATIENCE = 10.0  # seconds that a test waits for what must come


def tell(conversation: str, typing: bool) -> None:
    for typist in TYPISTS:
        socketio.deliver_here(UserTyping(conversation_id=conversation, user_id=typist, typing=typing).envelope())


def hear(listener: Socket, into: list[tuple[str, bool]]) -> None:
    into += [(payload["userId"], payload["typing"]) for _, payload in listener.heard("user-typing")]


def test_beyond_the_ceiling_everybody_who_stopped_is_heard_to_have_stopped(alice: Person, bob: Person) -> None:
    conversation, listener = start(alice, bob), bob.connect()
    listener.emit("join-chat", conversation)
    heard: list[tuple[str, bool]] = []
    tell(conversation, typing=True)
    tell(conversation, typing=False)
    hear(listener, heard)
    assert heard == [(typist, True) for typist in TYPISTS[:CEILING]]
    with eventlet.Timeout(PATIENCE):
        while len({typist for typist, typing in heard if not typing}) < len(TYPISTS):
            eventlet.sleep(0.05)
            hear(listener, heard)
    assert dict(heard) == dict.fromkeys(TYPISTS, False)
    assert len(heard) == CEILING + len(TYPISTS)  # who was not heard to begin before the end, is not heard to
