"""Direct conversations: of two there is one, as long as it is theirs alone."""

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from app.chat.models import Conversation
from app.extensions import db
from tests.integration.conftest import NewPerson, Person
from tests.support.chat import CONVERSATIONS, start, write
from tests.support.crowd import at_once
from tests.support.outbox import listen

pytestmark = pytest.mark.each_database


@pytest.fixture
def carol(new_person: NewPerson) -> Person:
    return new_person(name="Carol")


def is_direct(viewer: Person, id: str) -> bool:
    direct: bool = viewer.get(f"{CONVERSATIONS}/{id}").get_json()["direct"]
    return direct


def test_two_have_one_direct_conversation_whoever_begins_it(alice: Person, bob: Person) -> None:
    first = alice.post(CONVERSATIONS, {"participantIds": [bob.id]})
    write(alice, first.get_json()["id"])
    published = listen(alice.app)
    again = bob.post(CONVERSATIONS, {"participantIds": [alice.id, bob.id]})
    assert (again.status_code, again.get_json()) == (201, first.get_json() | {"unreadCount": 1})
    assert again.get_json()["direct"] is True
    assert published() == []
    assert len(alice.get(CONVERSATIONS).get_json()["items"]) == 1


def test_other_conversations_are_groups(alice: Person, bob: Person, carol: Person) -> None:
    groups = [
        start(alice, bob, title="Lunch"),
        start(alice, bob, title="Lunch"),
        start(alice, bob, carol),
        start(alice, bob, carol),
        start(alice, alice),
        start(alice, alice),
    ]
    direct = start(alice, bob)
    assert len({*groups, direct}) == 7
    assert [is_direct(alice, id) for id in groups] == [False] * 6
    assert is_direct(bob, direct)


def test_each_pair_has_its_own(alice: Person, bob: Person, carol: Person) -> None:
    assert len({start(alice, bob), start(bob, carol), start(carol, alice)}) == 3


def test_both_who_begin_at_the_same_moment_begin_one(alice: Person, bob: Person) -> None:
    published = listen(alice.app)
    by_alice = partial(alice.post, CONVERSATIONS, {"participantIds": [bob.id]})
    by_bob = partial(bob.post, CONVERSATIONS, {"participantIds": [alice.id]})
    answers = at_once(*[by_alice, by_bob] * 3)
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert [name for name, _, _ in published()] == ["@enter-room"]


def test_a_key_repeats_the_answer_and_not_what_became_of_it(alice: Person, bob: Person) -> None:
    form, headers = {"participantIds": [bob.id]}, {"Idempotency-Key": "k"}
    id = start(bob, alice)
    first = alice.post(CONVERSATIONS, form, headers)
    bob.delete(f"{CONVERSATIONS}/{id}/participants/{bob.id}")
    again = alice.post(CONVERSATIONS, form, headers)
    assert first.get_json()["id"] == id
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert start(alice, bob) != id


def test_a_third_makes_it_a_group_and_the_two_may_begin_anew(alice: Person, bob: Person, carol: Person) -> None:
    id = start(alice, bob)
    bob.put(f"{CONVERSATIONS}/{id}/participants/{carol.id}")
    assert not is_direct(alice, id)
    bob.delete(f"{CONVERSATIONS}/{id}/participants/{bob.id}")
    anew = start(bob, alice)
    assert anew != id
    assert is_direct(alice, anew)


@pytest.mark.parametrize("leaver", ["alice", "bob"])
def test_who_leaves_makes_it_a_group_and_begins_anew_without_the_past(alice: Person, bob: Person, leaver: str) -> None:
    id = start(alice, bob)
    write(alice, id)
    gone, stays = (alice, bob) if leaver == "alice" else (bob, alice)
    gone.delete(f"{CONVERSATIONS}/{id}/participants/{gone.id}")
    assert not is_direct(stays, id)
    anew = start(gone, stays)
    assert gone.get(f"{CONVERSATIONS}/{anew}/messages").get_json()["items"] == []
    assert len(stays.get(CONVERSATIONS).get_json()["items"]) == 2


def test_letting_in_who_is_there_leaves_it_direct(alice: Person, bob: Person) -> None:
    id = start(alice, bob)
    alice.put(f"{CONVERSATIONS}/{id}/participants/{bob.id}")
    assert is_direct(bob, id)


def test_a_query_tells_direct_conversations(app: Flask, alice: Person, bob: Person, carol: Person) -> None:
    direct, _ = start(alice, bob), start(alice, bob, carol)
    with app.app_context():
        assert list(db.session.scalars(select(Conversation.id).where(Conversation.direct))) == [direct]
