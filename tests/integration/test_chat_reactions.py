"""``/api/chat/messages/{id}/reactions/{emoji}``."""

from functools import partial
from urllib.parse import quote

import pytest

from tests.integration.conftest import NewPerson, Person, error_code
from tests.support.chat import CONVERSATIONS, MESSAGES, messages, start, write
from tests.support.crowd import at_once
from tests.support.outbox import listen


@pytest.fixture
def conversation(alice: Person, bob: Person) -> str:
    return start(alice, bob)


@pytest.fixture
def message(alice: Person, conversation: str) -> str:
    id: str = write(alice, conversation)["id"]
    return id


def path(message: str, emoji: str) -> str:
    return f"{MESSAGES}/{message}/reactions/{quote(emoji)}"


def test_a_reaction_is_answered_with_all_reactions(alice: Person, bob: Person, conversation: str, message: str) -> None:
    alice.put(path(message, "👍"))
    answer = bob.put(path(message, "🎉"))
    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "messageId": message,
            "conversationId": conversation,
            "reactions": {"👍": [alice.id], "🎉": [bob.id]},
        },
    )


def test_several_users_react_alike(alice: Person, bob: Person, message: str) -> None:
    alice.put(path(message, "👍"))
    assert bob.put(path(message, "👍")).get_json()["reactions"] == {"👍": sorted([alice.id, bob.id])}


def test_reactions_are_listed_with_their_message(alice: Person, conversation: str, message: str) -> None:
    alice.put(path(message, "👍"))
    write(alice, conversation)
    assert [item["reactions"] for item in messages(alice, conversation)] == [{}, {"👍": [alice.id]}]


def test_reacting_is_published_with_all_reactions(alice: Person, bob: Person, conversation: str, message: str) -> None:
    alice.put(path(message, "👍"))
    published = listen(alice.app)
    answer = bob.put(path(message, "👎")).get_json()
    assert published() == [("message-reaction", answer, [f"chat-{conversation}"])]


def test_the_same_reaction_again_publishes_nothing(alice: Person, message: str) -> None:
    first = alice.put(path(message, "👍"))
    published = listen(alice.app)
    again = alice.put(path(message, "👍"))
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert published() == []


def test_taking_back_is_published_with_what_remains(
    alice: Person, bob: Person, conversation: str, message: str
) -> None:
    for person in (alice, bob):
        person.put(path(message, "👍"))
    published = listen(alice.app)
    answer = alice.delete(path(message, "👍"))
    assert (answer.status_code, answer.get_data()) == (204, b"")
    payload = {"messageId": message, "conversationId": conversation, "reactions": {"👍": [bob.id]}}
    assert published() == [("message-reaction", payload, [f"chat-{conversation}"])]


def test_after_the_last_reaction_there_are_none(alice: Person, message: str) -> None:
    alice.put(path(message, "👍"))
    published = listen(alice.app)
    alice.delete(path(message, "👍"))
    assert [payload["reactions"] for _, payload, _ in published()] == [{}]


def test_taking_back_what_is_not_there_changes_nothing(alice: Person, bob: Person, message: str) -> None:
    bob.put(path(message, "👍"))
    published = listen(alice.app)
    assert alice.delete(path(message, "👍")).status_code == 204
    assert published() == []


@pytest.mark.each_database
def test_the_same_reaction_at_the_same_moment_is_one(alice: Person, bob: Person, message: str) -> None:
    published = listen(alice.app)
    for verb, status, left in ((bob.put, 200, {"👍": [bob.id]}), (bob.delete, 204, {})):
        answers = at_once(*[partial(verb, path(message, "👍"))] * 4)
        assert {answer.status_code for answer in answers} == {status}
        assert published()[-1][1]["reactions"] == left
    assert len(published()) == 2


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("emoji", ["x" * 33, "abc", " ", "a b", "\t", "\n", "\x7f", "\u2028", "\u00a0"])
def test_what_is_no_emoji_is_refused(alice: Person, message: str, method: str, emoji: str) -> None:
    published = listen(alice.app)
    headers = {"Authorization": f"Bearer {alice.token}"}
    answer = alice.http.open(path(message, emoji), method=method, headers=headers)
    assert error_code(answer) == (400, "validation_failed")
    assert list(answer.get_json()["error"]["details"]) == ["emoji"]
    assert published() == []


def test_a_path_that_is_not_utf_8_is_not_found(alice: Person, message: str) -> None:
    published = listen(alice.app)
    assert error_code(alice.put(f"{MESSAGES}/{message}/reactions/%ff")) == (404, "not_found")
    assert published() == []


def test_a_message_takes_ten_different_emojis_of_one_user(alice: Person, bob: Person, message: str) -> None:
    for code in range(10):
        assert alice.put(path(message, chr(0x1F600 + code))).status_code == 200
    published = listen(alice.app)
    assert error_code(alice.put(path(message, "👍"))) == (409, "conflict")
    assert published() == []
    assert alice.put(path(message, chr(0x1F600))).status_code == 200
    assert bob.put(path(message, "👍")).status_code == 200


def test_a_message_takes_fifty_different_emojis(
    alice: Person, bob: Person, new_person: NewPerson, conversation: str, message: str
) -> None:
    others = [new_person() for _ in range(5)]
    for number, other in enumerate(others):
        alice.put(f"{CONVERSATIONS}/{conversation}/participants/{other.id}")
        for code in range(number * 10, number * 10 + 10):
            assert other.put(path(message, chr(0x1F600 + code))).status_code == 200
    published = listen(alice.app)
    assert error_code(bob.put(path(message, "👍"))) == (409, "conflict")
    assert published() == []
    assert bob.put(path(message, chr(0x1F600))).status_code == 200


def test_who_left_may_not_react(bob: Person, conversation: str, message: str) -> None:
    bob.delete(f"{CONVERSATIONS}/{conversation}/participants/{bob.id}")
    published = listen(bob.app)
    assert error_code(bob.put(path(message, "👍"))) == (404, "not_found")
    assert published() == []
