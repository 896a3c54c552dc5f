"""Rules that every event and command of the catalogue keeps."""

import re

import pytest

from app.events.base import Channel, Command, Event
from app.events.registry import COMMANDS, EVENTS, events_of
from app.events.rooms import RoomKind, parse_room, sockets_of_user
from app.events.tasks import TaskAssigned

NAME = re.compile(r"[a-z]+(-[a-z]+)*")


@pytest.mark.parametrize("kind", [*EVENTS.values(), *COMMANDS.values()])
def test_names_are_words_joined_by_hyphens(kind: type[Event] | type[Command]) -> None:
    assert NAME.fullmatch(kind.name)


@pytest.mark.parametrize("kind", [*EVENTS.values(), *COMMANDS.values()])
def test_everything_in_the_catalogue_says_what_it_means(kind: type[Event] | type[Command]) -> None:
    assert (kind.__doc__ or "").strip()


@pytest.mark.parametrize("kind", EVENTS.values())
def test_what_an_event_tells_the_newest_of_is_in_its_fields(kind: type[Event]) -> None:
    assert kind.conflation is None or set(kind.conflation.by) <= set(kind.model_fields)


def test_each_channel_has_its_events() -> None:
    assert {channel: len(events_of(channel)) for channel in Channel} == {
        Channel.NOTIFICATIONS: 4,
        Channel.CHAT: 6,
        Channel.TASKS: 7,
        Channel.ANALYTICS: 3,
    }


@pytest.mark.parametrize("kind", RoomKind)
def test_a_room_is_read_as_it_was_named(kind: RoomKind) -> None:
    assert parse_room(kind.room("some-id")) == (kind, "some-id")


@pytest.mark.parametrize("name", ["", "user", "user-", "kitchen-1", sockets_of_user("1")])
def test_other_names_are_no_rooms_that_a_client_may_join(name: str) -> None:
    assert parse_room(name) is None


def test_a_reassigned_task_is_heard_by_everyone_concerned_once() -> None:
    task = {
        "id": "t", "title": "T", "description": None, "status": "todo", "progress": 0, "priority": "low",
        "due_at": None, "estimate_hours": None, "actual_hours": None, "completed_at": None,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    fields = task | {"assignee_id": "new", "previous_assignee_id": "old", "creator_id": "new", "team_id": "core"}
    event = TaskAssigned.model_validate(fields | {"actor_id": "x"}, strict=False)
    assert event.rooms() == ("tasks-new", "tasks-old", "team-core")


def test_what_only_routes_an_event_is_not_in_its_payload() -> None:
    assert not {"previousAssigneeId", "actorId"} & set(
        TaskAssigned.model_json_schema(mode="serialization")["properties"]
    )
