"""``POST /api/chat/conversations/{id}/read``, and the unread counts."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.chat import queries
from app.chat.models import Message
from app.extensions import db
from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.chat import CONVERSATIONS, MESSAGES, messages, start, write
from tests.support.outbox import listen
from tests.support.sqlite_plan import plan


@pytest.fixture
def conversation(alice: Person, bob: Person) -> str:
    return start(alice, bob)


def unread(viewer: Person, conversation: str) -> int:
    view = viewer.get(f"{CONVERSATIONS}/{conversation}").get_json()
    assert view in viewer.get(CONVERSATIONS).get_json()["items"]
    count: int = view["unreadCount"]
    return count


def marks(viewer: Person, conversation: str) -> list[dict[str, Any]]:
    view = viewer.get(f"{CONVERSATIONS}/{conversation}").get_json()
    assert view in viewer.get(CONVERSATIONS).get_json()["items"]
    found: list[dict[str, Any]] = view["reads"]
    return found


def path(conversation: str) -> str:
    return f"{CONVERSATIONS}/{conversation}/read"


def admit(newcomer: Person, conversation: str, by: Person) -> None:
    assert by.put(f"{CONVERSATIONS}/{conversation}/participants/{newcomer.id}").status_code == 204


def move_clock(sender: Person, message_id: str, late: timedelta) -> None:
    """Have the message be one of a process whose clock is wrong."""
    with sender.app.app_context():
        db.session.get_one(Message, message_id).created_at += late
        db.session.commit()


def test_a_message_behind_one_of_a_process_whose_clock_is_ahead_is_the_newest_and_unread(
    alice: Person, bob: Person, conversation: str
) -> None:
    first = write(alice, conversation)["id"]
    ahead = str(UUID(int=UUID(first).int + (60_000 << 80)))  # RFC 9562, section 5.7: milliseconds in the upper 48 bits
    with alice.app.app_context():
        db.session.execute(update(Message).where(Message.id == first).values(id=ahead))
        db.session.commit()
    bob.post(path(conversation), {"messageId": ahead})
    second = write(alice, conversation, "Second")["id"]
    third = write(alice, conversation, "Third")["id"]
    assert unread(bob, conversation) == 2
    assert [message["id"] for message in messages(bob, conversation)] == [third, second, ahead]
    bob.post(path(conversation), {"messageId": third})
    assert unread(bob, conversation) == 0


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
    newcomer, _ = new_person(), write(alice, conversation)
    admit(newcomer, conversation, by=alice)
    assert unread(newcomer, conversation) == 0
    write(alice, conversation)
    assert unread(newcomer, conversation) == 1


@pytest.mark.each_database
@pytest.mark.parametrize("late", [timedelta(seconds=-1), timedelta(seconds=1)], ids=["behind", "ahead"])
def test_what_is_unread_goes_by_no_clock_of_a_process(
    alice: Person, conversation: str, new_person: NewPerson, late: timedelta
) -> None:
    newcomer = new_person()
    move_clock(alice, write(alice, conversation)["id"], late)
    admit(newcomer, conversation, by=alice)
    move_clock(alice, write(alice, conversation)["id"], late)
    assert unread(newcomer, conversation) == 1


def test_a_mark_at_what_was_written_before_one_joined_makes_nothing_else_of_it_unread(
    alice: Person, conversation: str, new_person: NewPerson
) -> None:
    newcomer = new_person()
    first, _ = write(alice, conversation), write(alice, conversation)
    admit(newcomer, conversation, by=alice)
    write(alice, conversation)
    newcomer.post(path(conversation), {"messageId": first["id"]})
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


@pytest.mark.each_database
def test_a_conversation_shows_up_to_where_each_participant_has_read(
    alice: Person, bob: Person, conversation: str
) -> None:
    assert marks(alice, conversation) == []
    one, other = write(alice, conversation), write(bob, conversation)
    by_bob = bob.post(path(conversation), {"messageId": one["id"]}).get_json()
    by_alice = alice.post(path(conversation), {"messageId": other["id"]}).get_json()
    alice.delete(f"{MESSAGES}/{one['id']}")
    assert marks(bob, conversation) == sorted(
        ({field: mark[field] for field in ("userId", "messageId", "readAt")} for mark in (by_alice, by_bob)),
        key=lambda mark: mark["userId"],
    )


@pytest.mark.each_database
def test_who_comes_back_has_read_nothing_and_nothing_from_before_is_unread(
    alice: Person, bob: Person, conversation: str
) -> None:
    first = write(alice, conversation)
    bob.post(path(conversation), {"messageId": first["id"]})
    bob.delete(f"{CONVERSATIONS}/{conversation}/participants/{bob.id}")
    write(alice, conversation)
    admit(bob, conversation, by=alice)
    assert (marks(alice, conversation), unread(bob, conversation)) == ([], 0)
    alice.delete(f"{MESSAGES}/{write(alice, conversation)['id']}")
    write(alice, conversation)
    assert unread(bob, conversation) == 1


@pytest.mark.each_database
def test_what_is_unread_is_counted_among_the_newest_messages(
    alice: Person, bob: Person, conversation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "UNREAD_AMONG", 3)
    write(alice, conversation)
    write(bob, conversation)
    kept = [write(alice, conversation) for _ in range(3)]
    assert unread(bob, conversation) == 3
    alice.delete(f"{MESSAGES}/{kept[0]['id']}")
    assert unread(bob, conversation) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its plan; PostgreSQL's is in test_many_tasks
def test_what_is_unread_is_found_by_an_index(bob: Person, conversation: str) -> None:
    with bob.app.app_context():
        steps = plan(lambda: queries._unread_counts(bob.id, [conversation]))
    reads = [step for step in steps if step.startswith(("SCAN", "SEARCH")) and "newest" not in step]
    assert "SEARCH messages USING INDEX ix_messages_kept (conversation_id=? AND id>?)" in reads
    assert [step for step in reads if not step.startswith("SEARCH")] == []


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
