"""``/realtime.d.ts``, as text; that it compiles is shown with the real compiler, elsewhere."""

import pytest

from app.events import typescript
from app.events.registry import COMMANDS, EVENTS

TEXT = typescript.declarations()
EMITTED, COMMANDED = TEXT.split("export interface ServerToClientEvents")[1].split(
    "export interface ClientToServerEvents"
)


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_heard_with_its_payload(name: str) -> None:
    assert f'"{name}": (payload: {EVENTS[name].__name__}' in EMITTED
    assert f"export interface {EVENTS[name].__name__} {{" in TEXT


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_emitted_and_answered(name: str) -> None:
    line = next(line for line in COMMANDED.splitlines() if f'"{name}":' in line)
    assert line.endswith(f", {COMMANDS[name].ack.__name__}>;")


def test_what_a_class_says_of_itself_is_said_of_its_type() -> None:
    assert "/** A notification arrived. */\nexport interface NewNotification {" in TEXT


def test_comments_are_markdown_with_the_names_of_json() -> None:
    assert "/** The connection goes on until `expiresAt`. */" in TEXT
    assert "``" not in TEXT
    assert "Attributes:" not in TEXT


def test_an_event_for_one_socket_has_no_offset() -> None:
    assert '"room-left": (payload: RoomLeft) => void;' in EMITTED


def test_a_value_that_may_be_null_says_so() -> None:
    assert "  assigneeId: string | null;" in TEXT


def test_a_map_has_typed_values() -> None:
    assert "  reactions: Record<string, Array<string>>;" in TEXT


def test_joining_may_say_since_when() -> None:
    assert '"join-tasks": Acknowledged<[id: string] | [id: string, options: JoinOptions], Joined>;' in COMMANDED
