"""How the arguments that a client sent become a command."""

from typing import Any

import pytest

from app.events.commands import JoinTasks, LeaveTasks, TypingStart


def test_a_command_reads_its_fields_from_one_object() -> None:
    assert TypingStart.from_arguments(({"conversationId": "c"},)).conversation_id == "c"


def test_joining_takes_the_id_alone() -> None:
    joining = JoinTasks.from_arguments(("u",))
    assert (joining.room, joining.options.since) == ("tasks-u", None)


def test_joining_takes_options_after_the_id() -> None:
    assert JoinTasks.from_arguments(("u", {"since": "7"})).options.since == "7"


def test_options_may_be_null() -> None:
    assert JoinTasks.from_arguments(("u", None)).options.since is None


@pytest.mark.parametrize(
    "arguments",
    [(), (None,), (5,), ({"id": "u"},), ("u", "7"), ("u", {"since": 7}), ("u", {"until": "7"}), ("u", {}, 1)],
)
def test_joining_takes_nothing_else(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's ValidationError is one
        JoinTasks.from_arguments(arguments)


def test_leaving_takes_no_options() -> None:
    with pytest.raises(ValueError, match="one argument"):
        LeaveTasks.from_arguments(("u", {}))


@pytest.mark.parametrize(
    "arguments", [(), ("c",), ({},), ({"conversationId": "c", "more": 1},), ({"conversationId": "c"}, 1)]
)
def test_a_command_of_one_object_takes_nothing_else(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        TypingStart.from_arguments(arguments)
