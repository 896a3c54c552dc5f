"""``typing-start`` and ``typing-stop``, and what the others hear of them."""

import time
from typing import Any

import eventlet
import pytest

from app.config import Settings
from app.engine import Envelope
from app.events.controls import TypingHeard
from app.extensions import socketio
from tests.integration.conftest import Heard, NewPerson, Person, Socket
from tests.support.chat import CONVERSATIONS, start, write
from tests.support.outbox import listen

EXPIRY = 0.3  # seconds
PATIENCE = 5.0  # seconds that a test waits for what must come


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"typing_seconds": EXPIRY})


@pytest.fixture
def conversation(alice: Person, bob: Person) -> str:
    return start(alice, bob)


def connect(conversation: str, *people: Person) -> list[Socket]:
    """Sockets in the room of the conversation."""
    sockets = [person.connect() for person in people]
    for socket in sockets:
        assert socket.emit("join-chat", conversation)["ok"] is True
    return sockets


def typing(person: Person, conversation: str, typing: bool) -> tuple[str, Any]:
    return "user-typing", {"conversationId": conversation, "userId": person.id, "typing": typing}


def wait_for(listener: Socket) -> Heard:
    """What the listener hears next."""
    waited = 0.0
    while not (heard := listener.heard()):
        assert waited < PATIENCE, "nothing was heard"
        eventlet.sleep(0.01)
        waited += 0.01
    return heard


def test_the_others_hear_who_is_typing(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    assert typist.emit("typing-start", {"conversationId": conversation}) == {"ok": True}
    assert listener.heard() == [typing(alice, conversation, True)]


def test_who_comes_later_is_told_who_types(alice: Person, bob: Person, conversation: str) -> None:
    (typist,) = connect(conversation, alice)
    typist.emit("typing-start", {"conversationId": conversation})
    socketio.relay.drain()
    (late,), in_namespace = connect(conversation, bob), bob.connect("/ws/chat")
    assert wait_for(late) == wait_for(in_namespace) == [typing(alice, conversation, True)]


def test_a_typist_is_not_told_of_themselves(alice: Person, conversation: str) -> None:
    (typist,) = connect(conversation, alice)
    typist.emit("typing-start", {"conversationId": conversation})
    socketio.relay.drain()
    (other_device,) = connect(conversation, alice)
    assert other_device.heard() == []


def test_no_device_of_the_typist_hears_it(alice: Person, bob: Person, conversation: str) -> None:
    typist, other_device, _ = connect(conversation, alice, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    assert (typist.heard(), other_device.heard()) == ([], [])


def test_who_takes_no_part_does_not_hear_it(alice: Person, conversation: str, new_person: NewPerson) -> None:
    (typist,) = connect(conversation, alice)
    stranger = new_person().connect("/ws/chat")
    typist.emit("typing-start", {"conversationId": conversation})
    assert stranger.heard() == []


def test_typing_is_heard_in_the_namespace_too(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = alice.connect("/ws/chat"), bob.connect("/ws/chat")
    assert typist.emit("typing-start", {"conversationId": conversation}) == {"ok": True}
    assert listener.heard() == [typing(alice, conversation, True)]


def test_the_others_hear_who_stopped(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    listener.heard()
    assert typist.emit("typing-stop", {"conversationId": conversation}) == {"ok": True}
    assert listener.heard() == [typing(alice, conversation, False)]


def test_who_did_not_type_stops_unheard(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    assert typist.emit("typing-stop", {"conversationId": conversation}) == {"ok": True}
    assert listener.heard() == []


def test_typing_ends_by_itself(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    listener.heard()
    assert wait_for(listener) == [typing(alice, conversation, False)]


def test_typing_may_begin_again_after_it_ended(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    listener.heard()
    wait_for(listener)
    typist.emit("typing-start", {"conversationId": conversation})
    assert listener.heard() == [typing(alice, conversation, True)]


def test_who_goes_on_typing_is_heard_once_and_ends_later(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    eventlet.sleep(EXPIRY / 2)
    again = time.monotonic()
    typist.emit("typing-start", {"conversationId": conversation})
    assert listener.heard() == [typing(alice, conversation, True)]
    assert wait_for(listener) == [typing(alice, conversation, False)]
    assert time.monotonic() - again >= EXPIRY


def test_who_begins_again_after_stopping_types_the_whole_time(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    eventlet.sleep(EXPIRY / 2)
    typist.emit("typing-stop", {"conversationId": conversation})
    again = time.monotonic()
    typist.emit("typing-start", {"conversationId": conversation})
    assert [payload["typing"] for _, payload in listener.heard()] == [True, False, True]
    assert wait_for(listener) == [typing(alice, conversation, False)]
    assert time.monotonic() - again >= EXPIRY


def test_two_typists_end_apart(alice: Person, bob: Person, conversation: str) -> None:
    one, other = connect(conversation, alice, bob)
    one.emit("typing-start", {"conversationId": conversation})
    other.emit("typing-start", {"conversationId": conversation})
    other.heard()
    other.emit("typing-stop", {"conversationId": conversation})
    assert wait_for(other) == [typing(alice, conversation, False)]
    assert one.heard() == [typing(bob, conversation, True), typing(bob, conversation, False)]


# --- what ends it


def test_the_typists_message_ends_it_once(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    listener.heard()
    write(alice, conversation)
    assert [name for name, _ in listener.heard()] == ["new-message"]
    eventlet.sleep(0.01)
    assert listener.heard() == [typing(alice, conversation, False)]
    eventlet.sleep(2 * EXPIRY)
    assert listener.heard() == []


def test_the_next_word_after_a_message_is_typing_again(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    for _ in range(2):
        typist.emit("typing-start", {"conversationId": conversation})
        write(alice, conversation)
        listener.heard()
        wait_for(listener)
    typist.emit("typing-start", {"conversationId": conversation})
    assert listener.heard() == [typing(alice, conversation, True)]


def test_a_message_of_another_does_not_end_it(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    write(bob, conversation)
    eventlet.sleep(0)
    assert [name for name, _ in listener.heard()] == ["user-typing", "new-message"]


@pytest.mark.parametrize("remover", ["alice", "bob"])
def test_who_leaves_or_is_removed_no_longer_types(alice: Person, bob: Person, remover: str) -> None:
    conversation = start(alice if remover == "alice" else bob, bob if remover == "alice" else alice)
    typist, listener = connect(conversation, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    listener.heard()
    actor = alice if remover == "alice" else bob
    assert actor.delete(f"{CONVERSATIONS}/{conversation}/participants/{alice.id}").status_code == 204
    assert listener.heard() == [typing(alice, conversation, False)]
    assert typist.heard("user-typing") == []


def test_who_leaves_another_conversation_goes_on_typing(alice: Person, bob: Person, conversation: str) -> None:
    other = start(alice, bob, title="Other")
    typist, listener = connect(conversation, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    alice.delete(f"{CONVERSATIONS}/{other}/participants/{alice.id}")
    assert listener.heard() == [typing(alice, conversation, True)]


def test_who_types_no_longer_types_when_the_socket_is_gone(alice: Person, bob: Person, conversation: str) -> None:
    typist, other_device, listener = connect(conversation, alice, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    other_device.close()
    eventlet.sleep(0)
    assert listener.heard() == [typing(alice, conversation, True)]
    gone = time.monotonic()
    typist.close()
    assert wait_for(listener) == [typing(alice, conversation, False)]
    assert time.monotonic() - gone < EXPIRY


# --- how often it is told


@pytest.fixture
def told(alice: Person, monkeypatch: pytest.MonkeyPatch) -> list[TypingHeard]:
    """What processes tell each other of Alice from now on; of who typed in a test before, a timer may still tell."""
    messages: list[TypingHeard] = []
    publish = socketio.broker.publish

    def note(envelope: Envelope) -> None:
        if envelope.event == TypingHeard.name and alice.id in envelope.payload:
            messages.append(TypingHeard.model_validate_json(envelope.payload))
        publish(envelope)

    monkeypatch.setattr(socketio.broker, "publish", note)
    return messages


def test_many_key_presses_are_one_event_and_few_messages_between_processes(
    alice: Person, bob: Person, conversation: str, told: list[TypingHeard]
) -> None:
    typist, listener = connect(conversation, alice, bob)
    began = time.monotonic()
    for _ in range(50):
        typist.emit("typing-start", {"conversationId": conversation})
        eventlet.sleep(0)
    times, periods = len(told), (time.monotonic() - began) / (EXPIRY / 3)
    assert times <= periods + 1
    assert listener.heard() == [typing(alice, conversation, True)]


def test_no_other_process_is_told_of_the_end_of_what_never_began(
    alice: Person, conversation: str, told: list[TypingHeard]
) -> None:
    (typist,) = connect(conversation, alice)
    for _ in range(3):
        assert typist.emit("typing-stop", {"conversationId": conversation}) == {"ok": True}
    assert told == []


def test_who_types_at_one_process_may_stop_at_another(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    elsewhere = TypingHeard(conversation_id=conversation, user_id=alice.id, seconds=EXPIRY, begin=True)
    socketio.publish(elsewhere.envelope())
    assert typist.emit("typing-stop", {"conversationId": conversation}) == {"ok": True}
    assert [payload["typing"] for _, payload in listener.heard()] == [True, False]


def test_a_key_press_that_is_not_told_at_once_counts(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    typist.emit("typing-start", {"conversationId": conversation})
    eventlet.sleep(EXPIRY / 6)
    again = time.monotonic()
    typist.emit("typing-start", {"conversationId": conversation})
    listener.heard()
    assert wait_for(listener) == [typing(alice, conversation, False)]
    assert time.monotonic() - again >= EXPIRY


def test_beginning_and_stopping_over_and_over_is_bounded_in_each_conversation(
    alice: Person, bob: Person, conversation: str
) -> None:
    other = start(alice, bob, title="Other")
    typist, listener = connect(conversation, alice, bob)
    acks = []
    for _ in range(15):
        acks.append(typist.emit("typing-start", {"conversationId": conversation}))
        typist.emit("typing-stop", {"conversationId": conversation})
    assert [ack["ok"] for ack in acks] == [True] * 10 + [False] * 5
    assert acks[-1]["error"]["code"] == "rate_limited"
    assert len(listener.heard()) == 20
    assert typist.emit("typing-start", {"conversationId": other}) == {"ok": True}


def test_typing_is_not_stored(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, alice, bob)
    published = listen(alice.app)
    for end in (lambda: typist.emit("typing-stop", {"conversationId": conversation}), lambda: wait_for(listener)):
        typist.emit("typing-start", {"conversationId": conversation})
        listener.heard()
        end()
    typist.emit("typing-start", {"conversationId": conversation})
    write(alice, conversation)
    assert [name for name, _, _ in published()] == ["new-message"]


@pytest.mark.parametrize("command", ["typing-start", "typing-stop"])
def test_a_conversation_of_others_reads_like_one_that_does_not_exist(
    bob: Person, conversation: str, command: str, new_person: NewPerson
) -> None:
    listener, stranger = *connect(conversation, bob), new_person(role="admin").connect()
    invisible = stranger.emit(command, {"conversationId": conversation})
    unknown = stranger.emit(command, {"conversationId": "unknown"})
    assert (invisible["ok"], invisible["error"]["code"]) == (False, "forbidden")
    assert invisible == unknown
    assert listener.heard() == []


def test_who_was_removed_may_not_type(alice: Person, bob: Person, conversation: str) -> None:
    typist, listener = connect(conversation, bob, alice)
    alice.delete(f"{CONVERSATIONS}/{conversation}/participants/{bob.id}")
    assert typist.emit("typing-start", {"conversationId": conversation})["error"]["code"] == "forbidden"
    assert listener.heard() == []


@pytest.mark.parametrize("command", ["typing-start", "typing-stop"])
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (None,),
        ("id",),
        ({},),
        ({"conversationId": 7},),
        ({"conversationId": ""},),
        ({"conversationId": "x" * 65},),
        ({"conversationId": "x", "userId": "y"},),
        ({"conversationId": "x"}, "more"),
    ],
)
def test_a_bad_argument_is_refused(alice: Person, command: str, arguments: tuple[Any, ...]) -> None:
    ack = alice.connect().emit(command, *arguments)
    assert (ack["ok"], ack["error"]["code"]) == (False, "validation_failed")
