"""Commit, then publish: what is stored with a change, and in which order it is delivered."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.clock import now
from app.core.errors import Conflict
from app.core.transaction import transaction
from app.engine import Envelope
from app.events.chat import UserTyping
from app.events.models import events
from app.events.notifications import NotificationDeleted, NotificationRead
from app.events.subscriptions import _reactions, subscribes
from app.extensions import db, socketio
from app.people.models import Team

pytestmark = pytest.mark.each_database


def event(id: str, unread: int = 0) -> NotificationDeleted:
    return NotificationDeleted(user_id="u", id=id, unread_count=unread)


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def heard(app: Flask) -> Iterator[list[Envelope]]:
    found: list[Envelope] = []
    socketio.hub.tap("notifications-u", found.append)
    with app.app_context():
        yield found


def stored() -> list[Any]:
    return list(db.session.execute(select(events).order_by(events.c.id)))


@pytest.mark.usefixtures("context")
def test_a_published_event_is_a_row_of_the_same_transaction() -> None:
    with transaction() as tx:
        db.session.add(Team(name="T"))
        tx.publish(event("1"))
    (row,) = stored()
    assert (row.event, row.payload, row.rooms, row.seq) == (
        "notification-deleted",
        '{"id":"1","unreadCount":0}',
        '["notifications-u"]',
        None,
    )


@pytest.mark.usefixtures("context")
def test_nothing_is_published_for_a_transaction_that_rolled_back() -> None:
    with pytest.raises(RuntimeError, match="no"), transaction() as tx:
        db.session.add(Team(name="T"))
        tx.publish(event("1"))
        raise RuntimeError("no")
    assert stored() == []
    assert db.session.scalars(select(Team)).all() == []


@pytest.mark.usefixtures("context")
def test_an_ephemeral_event_is_not_stored() -> None:
    with pytest.raises(TypeError, match="user-typing"), transaction() as tx:
        tx.publish(UserTyping(conversation_id="c", user_id="u", typing=True))
    assert stored() == []


@pytest.mark.usefixtures("context")
def test_a_block_inside_another_commits_with_the_outer_one() -> None:
    with pytest.raises(RuntimeError, match="no"), transaction():
        with transaction() as inner:
            inner.publish(event("1"))
        raise RuntimeError("no")
    assert stored() == []


@pytest.mark.usefixtures("context")
def test_a_broken_unique_key_is_a_conflict() -> None:
    with transaction():
        db.session.add(Team(id="t", name="T"))
    db.session.expunge_all()
    with pytest.raises(Conflict), transaction():
        db.session.add(Team(id="t", name="T"))


def test_events_are_delivered_in_the_order_of_their_publishing(heard: list[Envelope]) -> None:
    for id in "123":
        with transaction() as tx:
            tx.publish(event(id))
            tx.publish(event(id + "b"))
    assert socketio.relay.drain() == 6
    assert [e.payload[7:9].rstrip('"') for e in heard] == ["1", "1b", "2", "2b", "3", "3b"]


def test_numbers_have_no_holes_and_go_on_after_a_rollback(heard: list[Envelope]) -> None:
    for id in "12":
        with transaction() as tx:
            tx.publish(event(id))
        with pytest.raises(RuntimeError), transaction() as tx:
            tx.publish(event("never"))
            raise RuntimeError
    socketio.relay.drain()
    assert [e.seq for e in heard] == [1, 2]


def test_what_was_delivered_is_not_delivered_again(heard: list[Envelope]) -> None:
    with transaction() as tx:
        tx.publish(event("1"))
    socketio.relay.drain()
    assert socketio.relay.drain() == 0
    assert len(heard) == 1


def test_an_event_that_could_not_be_handed_on_is_handed_on_first_next_time(heard: list[Envelope]) -> None:
    broken = True

    def listener(_: Envelope) -> None:
        if broken:
            raise ConnectionError

    stop = socketio.hub.tap("notifications-u", listener)
    for id in "12":
        with transaction() as tx:
            tx.publish(event(id))
    with pytest.raises(ConnectionError):
        socketio.relay.drain()
    broken = False
    heard.clear()
    socketio.relay.drain()
    stop()
    assert [e.seq for e in heard] == [1, 2]


def test_a_payload_is_what_it_was_when_it_was_published(heard: list[Envelope]) -> None:
    with transaction() as tx:
        team = Team(name="before")
        db.session.add(team)
        db.session.flush()
        tx.publish(NotificationDeleted(user_id="u", id=team.name, unread_count=0))
        team.name = "after"
    socketio.relay.drain()
    assert "before" in heard[0].payload


@pytest.mark.usefixtures("context")
def test_a_subscriber_runs_in_the_same_transaction() -> None:
    subscribes(NotificationRead)(lambda tx, _: tx.publish(event("caused")))
    try:
        with pytest.raises(RuntimeError), transaction() as tx:
            tx.publish(NotificationRead(user_id="u", id="1", read_at=now(), unread_count=0))
            assert [row.event for row in stored()] == ["notification-read", "notification-deleted"]
            raise RuntimeError
        assert stored() == []
    finally:
        _reactions.pop(NotificationRead)
