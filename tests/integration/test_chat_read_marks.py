"""``POST /api/chat/conversations/{id}/read``, and the unread counts."""

from typing import Any

import pytest

from app.core.clock import iso, now
from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.chat import CONVERSATIONS, MESSAGES, start, write
from tests.support.outbox import listen


@pytest.fixture
def conversation(alice: Person, bob: Person) -> str:
    return start(alice, bob)


def unread(viewer: Person, conversation: str) -> int:
    view = viewer.get(f"{CONVERSATIONS}/{conversation}").get_json()
    assert view in viewer.get(CONVERSATIONS).get_json()["items"]
    count: int = view["unreadCount"]
    return count


def path(conversation: str) -> str:
    return f"{CONVERSATIONS}/{conversation}/read"


def test_others_messages_are_unread(alice: Person, bob: Person, conversation: str) -> None:
    for _ in range(2):
        write(alice, conversation)
    assert (unread(alice, conversation), unread(bob, conversation)) == (0, 2)


def test_a_deleted_message_is_not_unread(alice: Person, bob: Person, conversation: str) -> None:
    alice.delete(f"{MESSAGES}/{write(alice, conversation)['id']}")
    assert unread(bob, conversation) == 0


def test_what_was_written_before_one_joined_is_not_unread(
    alice: Person, conversation: str, new_person: NewPerson
) -> None:
    newcomer, before = new_person(), write(alice, conversation)
    while iso(now()) == before["createdAt"]:
        pass  # times are whole milliseconds, and what was written in that of the joining counts
    alice.put(f"{CONVERSATIONS}/{conversation}/participants/{newcomer.id}")
    assert unread(newcomer, conversation) == 0
    write(alice, conversation)
    assert unread(newcomer, conversation) == 1


def test_messages_after_the_mark_are_unread(alice: Person, bob: Person, conversation: str) -> None:
    first, _, _ = (write(alice, conversation) for _ in range(3))
    bob.post(path(conversation), {"messageId": first["id"]})
    assert unread(bob, conversation) == 2


def test_reading_is_answered_with_the_mark(alice: Person, bob: Person, conversation: str) -> None:
    message = write(alice, conversation)
    answer = bob.post(path(conversation), {"messageId": message["id"]})
    read_at = answer.get_json()["readAt"]
    assert read_at.endswith("Z")
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"conversationId": conversation, "userId": bob.id, "messageId": message["id"], "readAt": read_at},
    )


def test_reading_is_published_to_the_conversation(alice: Person, bob: Person, conversation: str) -> None:
    message = write(alice, conversation)
    published = listen(alice.app)
    receipt = bob.post(path(conversation), {"messageId": message["id"]}).get_json()
    assert published() == [("message-read", receipt, [f"chat-{conversation}"])]


@pytest.mark.parametrize("again", [0, 1])
def test_the_mark_never_goes_back(alice: Person, bob: Person, conversation: str, again: int) -> None:
    ids = [write(alice, conversation)["id"] for _ in range(2)]
    receipt = bob.post(path(conversation), {"messageId": ids[1]}).get_json()
    published = listen(alice.app)
    answer = bob.post(path(conversation), {"messageId": ids[again]})
    assert (answer.status_code, answer.get_json()) == (200, receipt)
    assert published() == []
    assert unread(bob, conversation) == 0


def test_the_mark_goes_on(alice: Person, bob: Person, conversation: str) -> None:
    ids = [write(alice, conversation)["id"] for _ in range(2)]
    published = listen(alice.app)
    for id in ids:
        bob.post(path(conversation), {"messageId": id})
    assert [payload["messageId"] for _, payload, _ in published()] == ids


def test_every_participant_has_a_mark_of_their_own(alice: Person, bob: Person, conversation: str) -> None:
    one, other = write(alice, conversation), write(bob, conversation)
    bob.post(path(conversation), {"messageId": other["id"]})
    assert (unread(alice, conversation), unread(bob, conversation)) == (1, 0)
    published = listen(alice.app)
    alice.post(path(conversation), {"messageId": one["id"]})
    assert len(published()) == 1


def test_a_message_of_another_conversation_reads_like_one_that_does_not_exist(
    alice: Person, bob: Person, conversation: str
) -> None:
    elsewhere = write(alice, start(alice, bob, title="Elsewhere"))
    published = listen(alice.app)
    other = bob.post(path(conversation), {"messageId": elsewhere["id"]})
    unknown = bob.post(path(conversation), {"messageId": "unknown"})
    assert error_code(other) == (404, "not_found")
    assert other.get_json() == unknown.get_json()
    assert published() == []


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({}, "messageId"),
        ({"messageId": ""}, "messageId"),
        ({"messageId": None}, "messageId"),
        ({"messageId": {"$gt": ""}}, "messageId"),
        ({"messageId": "x" * 65}, "messageId"),
        ({"messageId": "x", "userId": "alice"}, "userId"),
    ],
)
def test_a_bad_field_is_refused(bob: Person, conversation: str, form: dict[str, Any], named: str) -> None:
    published = listen(bob.app)
    answer = bob.post(path(conversation), form)
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == [named]
    assert published() == []
