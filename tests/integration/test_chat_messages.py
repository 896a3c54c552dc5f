"""Messages: writing, listing, editing, deleting."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.chat import CONVERSATIONS, MESSAGES, messages, start, write
from tests.support.outbox import listen

pytestmark = pytest.mark.each_database


@pytest.fixture
def stranger(new_person: NewPerson) -> Person:
    return new_person(role="admin", name="Stranger")


@pytest.fixture
def conversation(alice: Person, bob: Person) -> str:
    return start(alice, bob)


# --- writing


def test_a_message_is_answered_as_it_is_listed(alice: Person, bob: Person, conversation: str) -> None:
    message = write(alice, conversation, " Hello\n")
    assert messages(bob, conversation) == [message]
    id, created_at = message.pop("id"), message.pop("createdAt")
    assert id
    assert created_at.endswith("Z")
    assert message == {
        "conversationId": conversation,
        "senderId": alice.id,
        "content": "Hello",
        "replyToId": None,
        "replyTo": None,
        "reactions": {},
        "editedAt": None,
        "deletedAt": None,
    }


def test_writing_is_published_to_the_conversation(alice: Person, conversation: str) -> None:
    first = write(alice, conversation)
    published = listen(alice.app)
    message = write(alice, conversation, "To that", reply_to=first["id"])
    payload = {
        "id": message["id"],
        "conversationId": conversation,
        "senderId": alice.id,
        "content": "To that",
        "replyToId": first["id"],
        "createdAt": message["createdAt"],
    }
    assert published() == [("new-message", payload, [f"chat-{conversation}"])]


def test_every_participant_hears_a_message(alice: Person, bob: Person, conversation: str) -> None:
    sockets = [alice.connect("/ws/chat"), bob.connect("/ws/chat")]
    id = write(alice, conversation)["id"]
    assert [[payload["id"] for _, payload in socket.heard("new-message")] for socket in sockets] == [[id], [id]]


def test_markup_is_kept_as_it_is(alice: Person, conversation: str) -> None:
    assert write(alice, conversation, "<img onerror=alert(1)>")["content"] == "<img onerror=alert(1)>"


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": " \n\t"}, "content"),
        ({"content": "x" * 10_001}, "content"),
        ({"content": 7}, "content"),
        ({"content": None}, "content"),
        ({"content": "Hello", "replyToId": ""}, "replyToId"),
        ({"content": "Hello", "replyToId": 7}, "replyToId"),
        ({"content": "Hello", "replyToId": "unknown"}, "replyToId"),
        ({"content": "Hello", "senderId": "bob"}, "senderId"),
    ],
)
def test_a_bad_field_of_a_message_is_refused(
    alice: Person, conversation: str, form: dict[str, Any], named: str
) -> None:
    published = listen(alice.app)
    answer = alice.post(f"{CONVERSATIONS}/{conversation}/messages", form)
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == [named]
    assert published() == []
    assert messages(alice, conversation) == []


def test_a_reply_to_a_message_of_another_conversation_reads_like_one_to_none(
    alice: Person, bob: Person, stranger: Person, conversation: str
) -> None:
    elsewhere = write(stranger, start(stranger, bob))
    published = listen(alice.app)
    path = f"{CONVERSATIONS}/{conversation}/messages"
    invisible = alice.post(path, {"content": "Hello", "replyToId": elsewhere["id"]})
    unknown = alice.post(path, {"content": "Hello", "replyToId": "unknown"})
    assert (invisible.status_code, invisible.get_json()) == (400, unknown.get_json())
    assert published() == []


def test_a_reply_to_a_deleted_message_is_refused(alice: Person, conversation: str) -> None:
    deleted = write(alice, conversation)["id"]
    alice.delete(f"{MESSAGES}/{deleted}")
    published = listen(alice.app)
    answer = alice.post(f"{CONVERSATIONS}/{conversation}/messages", {"content": "Hello", "replyToId": deleted})
    assert list(answer.get_json()["error"]["details"]) == ["replyToId"]
    assert answer.status_code == 400
    assert published() == []


def test_a_repeat_with_the_same_key_writes_once(alice: Person, conversation: str) -> None:
    path, headers = f"{CONVERSATIONS}/{conversation}/messages", {"Idempotency-Key": "k"}
    published = listen(alice.app)
    first = alice.post(path, {"content": "Hello"}, headers)
    again = alice.post(path, {"content": "Hello"}, headers)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert len(published()) == 1
    assert messages(alice, conversation) == [first.get_json()]


def test_a_repeat_with_another_body_is_a_conflict(alice: Person, conversation: str) -> None:
    path, headers = f"{CONVERSATIONS}/{conversation}/messages", {"Idempotency-Key": "k"}
    alice.post(path, {"content": "Hello"}, headers)
    published = listen(alice.app)
    assert error_code(alice.post(path, {"content": "Other"}, headers)) == (409, "conflict")
    assert published() == []


# --- replies


def quote_of(message: dict[str, Any]) -> dict[str, Any]:
    return {field: message[field] for field in ("id", "senderId", "content", "deletedAt")}


def test_a_reply_shows_what_it_replies_to(alice: Person, bob: Person, conversation: str) -> None:
    message = write(alice, conversation, "Lunch?")
    reply = write(bob, conversation, "Yes", reply_to=message["id"])
    assert reply["replyTo"] == quote_of(message)
    assert messages(alice, conversation) == [reply, message]


def test_a_quote_follows_the_edits_of_the_quoted(alice: Person, bob: Person, conversation: str) -> None:
    message = write(alice, conversation, "Lunch?")
    write(bob, conversation, "Yes", reply_to=message["id"])
    edited = alice.patch(f"{MESSAGES}/{message['id']}", {"content": "Dinner?"}).get_json()
    assert messages(alice, conversation)[0]["replyTo"] == quote_of(edited)


@pytest.mark.parametrize(("length", "shown"), [(200, "x" * 200), (201, "x" * 199 + "…")])
def test_a_long_quote_is_shortened(alice: Person, conversation: str, length: int, shown: str) -> None:
    message = write(alice, conversation, "x" * length)
    assert write(alice, conversation, reply_to=message["id"])["replyTo"]["content"] == shown


# --- listing


def test_messages_are_listed_newest_first(alice: Person, bob: Person, conversation: str) -> None:
    written = [write(sender, conversation)["id"] for sender in (alice, bob, alice)]
    assert [message["id"] for message in messages(bob, conversation)] == written[::-1]


def test_messages_of_other_conversations_are_not_listed(alice: Person, bob: Person, conversation: str) -> None:
    write(alice, start(alice, bob, title="Elsewhere"))
    assert messages(alice, conversation) == []


def test_pages_hold_every_message_once(alice: Person, conversation: str) -> None:
    written = [write(alice, conversation)["id"] for _ in range(5)]
    found, cursor = [], ""
    while cursor is not None:
        query = f"limit=2{cursor and f'&cursor={cursor}'}"
        page = alice.get(f"{CONVERSATIONS}/{conversation}/messages?{query}").get_json()
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert found == written[::-1]


@pytest.mark.parametrize("parameters", ["limit=0", "limit=101", "limit=x", "cursor=!", "since=x"])
def test_a_bad_parameter_is_refused(alice: Person, conversation: str, parameters: str) -> None:
    answer = alice.get(f"{CONVERSATIONS}/{conversation}/messages?{parameters}")
    assert error_code(answer) == (400, "validation_failed")


# --- editing


def test_a_sender_edits_a_message(alice: Person, bob: Person, conversation: str) -> None:
    message = write(alice, conversation)
    answer = alice.patch(f"{MESSAGES}/{message['id']}", {"content": " Hello, Bob "})
    edited = answer.get_json()
    assert edited["editedAt"].endswith("Z")
    assert (answer.status_code, edited) == (
        200,
        message | {"content": "Hello, Bob", "editedAt": edited["editedAt"]},
    )
    assert messages(bob, conversation) == [edited]


def test_editing_is_published_to_the_conversation(alice: Person, conversation: str) -> None:
    id = write(alice, conversation)["id"]
    published = listen(alice.app)
    edited = alice.patch(f"{MESSAGES}/{id}", {"content": "Other"}).get_json()
    payload = {
        "id": id,
        "conversationId": conversation,
        "content": "Other",
        "editedAt": edited["editedAt"],
    }
    assert published() == [("message-updated", payload, [f"chat-{conversation}"])]


def test_an_edit_that_changes_nothing_publishes_nothing(alice: Person, conversation: str) -> None:
    message = write(alice, conversation)
    published = listen(alice.app)
    answer = alice.patch(f"{MESSAGES}/{message['id']}", {"content": message["content"]})
    assert (answer.status_code, answer.get_json()) == (200, message)
    assert published() == []


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({}, "content"),
        ({"content": "  "}, "content"),
        ({"content": "x" * 10_001}, "content"),
        ({"content": ["x"]}, "content"),
        ({"content": "Other", "replyToId": "x"}, "replyToId"),
    ],
)
def test_a_bad_field_of_an_edit_is_refused(alice: Person, conversation: str, form: dict[str, Any], named: str) -> None:
    message = write(alice, conversation)
    published = listen(alice.app)
    answer = alice.patch(f"{MESSAGES}/{message['id']}", form)
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == [named]
    assert published() == []
    assert messages(alice, conversation) == [message]


# --- deleting


def test_a_deleted_message_keeps_its_place_without_its_content(alice: Person, bob: Person, conversation: str) -> None:
    message = write(alice, conversation, "Secret")
    reply = write(bob, conversation, "What?", reply_to=message["id"])
    bob.put(f"{MESSAGES}/{message['id']}/reactions/👍")
    answer = alice.delete(f"{MESSAGES}/{message['id']}")
    assert (answer.status_code, answer.get_data()) == (204, b"")
    listed = messages(bob, conversation)
    deleted_at = listed[1]["deletedAt"]
    assert deleted_at.endswith("Z")
    quote = reply["replyTo"] | {"content": "", "deletedAt": deleted_at}
    assert listed == [
        reply | {"replyTo": quote},
        message | {"content": "", "reactions": {}, "deletedAt": deleted_at},
    ]


def test_deleting_is_published_to_the_conversation(alice: Person, conversation: str) -> None:
    id = write(alice, conversation)["id"]
    published = listen(alice.app)
    alice.delete(f"{MESSAGES}/{id}")
    deleted_at = messages(alice, conversation)[0]["deletedAt"]
    payload = {"id": id, "conversationId": conversation, "deletedAt": deleted_at}
    assert published() == [("message-deleted", payload, [f"chat-{conversation}"])]


# --- who may


Change = tuple[str, str, dict[str, str] | None]

CHANGES: list[Change] = [
    ("PATCH", "", {"content": "Other"}),
    ("DELETE", "", None),
    ("PUT", "/reactions/👍", None),
    ("DELETE", "/reactions/👍", None),
]


def attempt(person: Person, message_id: str, change: Change) -> TestResponse:
    method, suffix, form = change
    headers = {"Authorization": f"Bearer {person.token}"}
    return person.http.open(f"{MESSAGES}/{message_id}{suffix}", method=method, json=form, headers=headers)


@pytest.mark.parametrize("change", CHANGES)
def test_a_message_of_a_conversation_of_others_reads_like_one_that_does_not_exist(
    alice: Person, stranger: Person, conversation: str, change: Change
) -> None:
    message = write(alice, conversation)
    published = listen(alice.app)
    invisible, unknown = (attempt(stranger, id, change) for id in (message["id"], "unknown"))
    assert error_code(invisible) == (404, "not_found")
    assert invisible.get_json() == unknown.get_json()
    assert published() == []
    assert messages(alice, conversation) == [message]


@pytest.mark.parametrize("change", CHANGES)
def test_a_deleted_message_reads_like_one_that_does_not_exist(alice: Person, conversation: str, change: Change) -> None:
    message = write(alice, conversation)
    alice.delete(f"{MESSAGES}/{message['id']}")
    published = listen(alice.app)
    deleted, unknown = (attempt(alice, id, change) for id in (message["id"], "unknown"))
    assert error_code(deleted) == (404, "not_found")
    assert deleted.get_json() == unknown.get_json()
    assert published() == []


@pytest.mark.parametrize("change", CHANGES[:2])
def test_only_its_sender_may_change_a_message(alice: Person, bob: Person, conversation: str, change: Change) -> None:
    message = write(alice, conversation)
    published = listen(alice.app)
    assert error_code(attempt(bob, message["id"], change)) == (403, "forbidden")
    assert published() == []
    assert messages(alice, conversation) == [message]


def test_a_sender_who_left_may_no_longer_change_their_message(alice: Person, bob: Person, conversation: str) -> None:
    message = write(bob, conversation)
    bob.delete(f"{CONVERSATIONS}/{conversation}/participants/{bob.id}")
    assert error_code(bob.delete(f"{MESSAGES}/{message['id']}")) == (404, "not_found")
    assert messages(alice, conversation) == [message]
