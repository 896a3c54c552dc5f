"""What happens to tasks becomes notifications, in the same transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from app.core.transaction import transaction
from app.events.base import DomainEvent
from app.events.tasks import Priority, Status, TaskAssigned, TaskCompleted, TaskNoteAdded
from tests.integration.conftest import NewPerson, Person
from tests.support.outbox import listen

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def task(creator: Person, assignee: Person | None) -> dict[str, Any]:
    return {
        "id": "task",
        "title": "Write the docs",
        "description": None,
        "status": Status.TODO,
        "progress": 0,
        "priority": Priority.MEDIUM,
        "creator_id": creator.id,
        "assignee_id": assignee.id if assignee else None,
        "team_id": None,
        "due_at": None,
        "estimate_hours": None,
        "actual_hours": None,
        "created_at": NOON,
        "updated_at": NOON,
        "completed_at": None,
    }


def assigned(actor: Person, creator: Person, assignee: Person | None) -> TaskAssigned:
    return TaskAssigned(**task(creator, assignee), actor_id=actor.id)


def completed(actor: Person, creator: Person, watchers: Sequence[Person] = ()) -> TaskCompleted:
    return TaskCompleted(**task(creator, actor), actor_id=actor.id, watcher_ids=tuple(w.id for w in watchers))


def noted(
    author: Person, creator: Person, assignee: Person | None = None, watchers: Sequence[Person] = ()
) -> TaskNoteAdded:
    return TaskNoteAdded(
        id="note",
        task_id="task",
        author_id=author.id,
        actor_id=author.id,
        content="See page 2.",
        created_at=NOON,
        task_title="Write the docs",
        creator_id=creator.id,
        assignee_id=assignee.id if assignee else None,
        team_id=None,
        watcher_ids=tuple(w.id for w in watchers),
    )


def publish(app: Flask, event: DomainEvent) -> None:
    with app.app_context(), transaction() as tx:
        tx.publish(event)


def notifications(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.get("/api/notifications").get_json()["items"]
    return items


def types(person: Person) -> list[str]:
    return [notification["type"] for notification in notifications(person)]


@pytest.fixture
def actor(new_person: NewPerson) -> Person:
    return new_person()


@pytest.fixture
def creator(new_person: NewPerson) -> Person:
    return new_person()


@pytest.fixture
def assignee(new_person: NewPerson) -> Person:
    return new_person()


@pytest.fixture
def watcher(new_person: NewPerson) -> Person:
    return new_person()


def test_an_assignee_is_told(app: Flask, actor: Person, assignee: Person) -> None:
    publish(app, assigned(actor, actor, assignee))
    (told,) = notifications(assignee)
    assert (told["type"], told["data"], told["read"]) == ("task-assigned", {"taskId": "task"}, False)
    assert (told["title"], told["message"]) == ("Task assigned", "“Write the docs” was assigned to you.")


def test_the_notification_is_published_after_its_cause(app: Flask, actor: Person, assignee: Person) -> None:
    published = listen(app)
    publish(app, assigned(actor, actor, assignee))
    (cause, _, _), (name, payload, rooms) = published()
    (told,) = notifications(assignee)
    del told["readAt"]
    assert cause == "task-assigned"
    assert (name, payload, rooms) == ("new-notification", told, [f"notifications-{assignee.id}"])


def test_who_assigns_to_themselves_is_not_told(app: Flask, actor: Person, creator: Person) -> None:
    publish(app, assigned(actor, creator, actor))
    assert types(actor) == types(creator) == []


def test_a_task_that_nobody_has_any_more_is_told_to_nobody(app: Flask, actor: Person, creator: Person) -> None:
    publish(app, assigned(actor, creator, None))
    assert types(creator) == []


def test_the_creator_and_the_watchers_are_told_of_a_completed_task(
    app: Flask, actor: Person, creator: Person, watcher: Person
) -> None:
    publish(app, completed(actor, creator, [watcher]))
    for person in (creator, watcher):
        (told,) = notifications(person)
        assert (told["type"], told["data"]) == ("task-completed", {"taskId": "task"})
        assert (told["title"], told["message"]) == ("Task completed", "“Write the docs” was completed.")


def test_who_completes_a_task_is_not_told(app: Flask, actor: Person) -> None:
    publish(app, completed(actor, actor, [actor]))
    assert types(actor) == []


def test_a_creator_who_watches_is_told_once(app: Flask, actor: Person, creator: Person) -> None:
    publish(app, completed(actor, creator, [creator]))
    assert types(creator) == ["task-completed"]


def test_the_creator_the_assignee_and_the_watchers_are_told_of_a_note(
    app: Flask, actor: Person, creator: Person, assignee: Person, watcher: Person
) -> None:
    publish(app, noted(actor, creator, assignee, [watcher]))
    for person in (creator, assignee, watcher):
        (told,) = notifications(person)
        assert (told["type"], told["data"]) == ("task-note-added", {"taskId": "task"})
        assert (told["title"], told["message"]) == ("New note", "A note was added to “Write the docs”.")


def test_the_author_of_a_note_is_not_told(app: Flask, actor: Person) -> None:
    publish(app, noted(actor, actor, actor, [actor]))
    assert types(actor) == []


def test_a_note_on_a_task_without_assignee_is_told_to_its_creator(app: Flask, actor: Person, creator: Person) -> None:
    publish(app, noted(actor, creator))
    assert types(creator) == ["task-note-added"]


def test_a_deactivated_user_is_told_nothing(
    app: Flask, admin: Person, actor: Person, creator: Person, watcher: Person
) -> None:
    admin.patch(f"/api/users/{watcher.id}", {"active": False})
    published = listen(app)
    for event in (
        assigned(actor, creator, watcher),
        completed(actor, creator, [watcher]),
        noted(actor, creator, watcher, [watcher]),
    ):
        publish(app, event)
    told = [payload["userId"] for name, payload, _ in published() if name == "new-notification"]
    assert told == [creator.id, creator.id]


def test_a_change_that_is_rolled_back_notifies_nobody(app: Flask, actor: Person, assignee: Person) -> None:
    published = listen(app)
    with pytest.raises(RuntimeError), app.app_context(), transaction() as tx:
        tx.publish(assigned(actor, actor, assignee))
        raise RuntimeError
    assert published() == []
    assert types(assignee) == []
