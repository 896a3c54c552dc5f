"""What the relay numbers, holds and deletes of events that supersede each other.

Time passes when the tests say so; the database's clock, by which processes tell each other, goes on by itself.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, select, update

from app.core.clock import now
from app.core.transaction import transaction
from app.engine import Envelope
from app.engine.brokers.local import LocalBroker
from app.engine.relay import Relay
from app.events.analytics import EfficiencyUpdated, ProductivityUpdated
from app.events.base import ControlMessage, Published
from app.events.connection import LeaveReason
from app.events.controls import CheckRights, EndConnections, EnterRoom
from app.events.models import event_rooms, events
from app.events.presence import AnnouncePresence, PresenceStatus
from app.events.tasks import TaskDeleted, TaskProgressUpdated
from app.extensions import db, socketio
from tests.integration.conftest import Person
from tests.support.tasks import new_task, ok, path_of

pytestmark = pytest.mark.each_database

CONFLATION = TaskProgressUpdated.conflation
assert CONFLATION is not None
WINDOW = CONFLATION.window
A_SECOND = 1.0


def progress(percent: int, task: str = "t", team: str | None = None) -> TaskProgressUpdated:
    routing = {"creator_id": "u", "assignee_id": None, "team_id": team, "actor_id": "u"}
    return TaskProgressUpdated.model_validate({"id": task, "progress": percent, "updated_at": now(), **routing})


def deleted(task: str) -> TaskDeleted:
    routing = {"creator_id": "u", "assignee_id": None, "team_id": None, "actor_id": "u"}
    return TaskDeleted.model_validate({"id": task, "deleted_at": now(), **routing})


def productivity(completed: int, user: str = "u") -> ProductivityUpdated:
    return ProductivityUpdated(
        user_id=user, from_=now(), to=now(), assigned=9, completed=completed, active=0,
        completion_rate=0.5, throughput_per_day=1.0, score=50.0,
    )  # fmt: skip


def efficiency(score: float) -> EfficiencyUpdated:
    return EfficiencyUpdated(
        user_id="u", from_=now(), to=now(), on_time_rate=None, avg_cycle_hours=None, estimate_accuracy=None, score=score
    )


def publish(*published: Published) -> None:
    for each in published:
        with transaction() as tx:
            tx.publish(each)


class Clock:
    """The clock of the relays."""

    now = 1000.0

    def go_on(self, seconds: float) -> None:
        self.now += seconds


class Process:
    """A relay, and what it handed on."""

    def __init__(self) -> None:
        self.handed_on: list[Envelope] = []
        broker = LocalBroker()
        broker.start(self.handed_on.append)
        self.relay = Relay(socketio.outbox, socketio.relay._read, socketio.relay._begin, broker, socketio.passing)

    def sends(self) -> list[Any]:
        """The progress, or the name, of what it hands on now."""
        already = len(self.handed_on)
        self.relay.drain()
        return [_told(envelope) for envelope in self.handed_on[already:]]


def _told(envelope: Envelope) -> int | str:
    _, _, rest = envelope.payload.partition('"progress":')
    return int(rest.partition(",")[0]) if rest else envelope.event


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("app.engine.pacer.monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def process(app: Flask, clock: Clock) -> Iterator[Process]:  # noqa: ARG001 - before the first relay
    with app.app_context():
        yield Process()


def stored() -> int:
    return len(db.session.execute(select(events.c.id)).all())


def test_of_a_burst_the_first_leaves_at_once_and_the_newest_after_the_window(process: Process, clock: Clock) -> None:
    publish(progress(1))
    assert process.sends() == [1]
    publish(*map(progress, range(2, 8)))
    assert process.sends() == []
    clock.go_on(WINDOW)
    assert process.sends() == [7]
    assert [envelope.seq for envelope in process.handed_on] == [1, 2]


def test_the_history_keeps_what_was_sent(process: Process) -> None:
    publish(*map(progress, range(5)))
    process.sends()
    assert [_told(envelope) for envelope in socketio.history.between(0, 100)] == [4]
    assert stored() == 1
    assert db.session.execute(select(event_rooms.c.room, event_rooms.c.seq)).all() == [("tasks-u", 1)]


def test_a_relay_knows_when_what_it_holds_is_due(process: Process, clock: Clock) -> None:
    publish(progress(1))
    process.sends()
    assert process.relay._pacer.due is None
    publish(progress(2))
    process.sends()
    assert process.relay._pacer.due == clock.now + WINDOW


def test_what_another_process_sent_holds_back(process: Process, clock: Clock) -> None:
    other = Process()
    publish(productivity(1))
    assert len(process.sends()) == 1
    publish(productivity(2))
    assert other.sends() == []
    clock.go_on(A_SECOND)
    assert len(other.sends()) == 1
    publish(productivity(3))
    assert process.sends() == []


def test_what_a_process_held_when_it_was_killed_another_one_sends(process: Process, clock: Clock) -> None:
    publish(progress(1))
    process.sends()
    publish(progress(2), progress(3))
    assert process.sends() == []
    other = Process()
    other.sends()
    clock.go_on(WINDOW)
    other.sends()
    assert [_told(envelope) for envelope in other.handed_on] == [3]


def test_what_was_sent_long_ago_holds_nobody_back(process: Process) -> None:
    publish(progress(1))
    process.sends()
    db.session.execute(update(events).values(sent_at=now() - timedelta(seconds=WINDOW)))
    db.session.commit()
    publish(progress(2))
    assert Process().sends() == [2]


def test_a_clock_that_was_set_back_holds_nobody_back(process: Process) -> None:
    publish(progress(1))
    process.sends()
    db.session.execute(update(events).values(sent_at=now() + timedelta(hours=1)))
    db.session.commit()
    publish(progress(2))
    assert Process().sends() == [2]


def test_what_can_not_wait_comes_behind_what_is_held(process: Process) -> None:
    publish(progress(1))
    process.sends()
    publish(progress(2), progress(3), deleted("t"))
    assert process.sends() == [3, "task-deleted"]


def test_who_loses_a_right_hears_what_was_committed_before(process: Process, clock: Clock) -> None:
    publish(progress(1))
    process.sends()
    publish(progress(2), CheckRights(user_ids=("u",), reason=LeaveReason.REMOVED), progress(3))
    assert process.sends() == [2, "@check-rights"]
    clock.go_on(WINDOW)
    assert process.sends() == [3]


@pytest.mark.parametrize(
    "control",
    [
        AnnouncePresence(user_id="v", status=PresenceStatus.AWAY, last_seen_at=now(), heard_in=("team-t", "tasks-u")),
        EnterRoom(user_ids=("u",), namespace="/ws/chat", room="chat-c"),
        EndConnections(login_ids=("l",), code="token_revoked", message="Log in again."),
    ],
    ids=lambda control: control.name,
)
def test_what_takes_nobody_a_room_ends_no_window(process: Process, clock: Clock, control: ControlMessage) -> None:
    publish(progress(1))
    process.sends()
    publish(progress(2), control, progress(3))
    assert process.sends() == [control.name]
    publish(control, progress(4))
    assert process.sends() == [control.name]
    clock.go_on(WINDOW)
    assert process.sends() == [4]


def test_a_room_hears_no_more_than_the_ceiling_and_the_newest_of_each_task(process: Process, clock: Clock) -> None:
    assert CONFLATION is not None
    assert CONFLATION.ceiling is not None
    tasks = range(CONFLATION.ceiling + 5)
    publish(*(progress(task, f"task-{task}", team="team") for task in tasks))
    assert process.sends() == list(tasks[:-5])
    publish(*(progress(100, f"task-{task}", team="team") for task in tasks[-2:]))
    assert process.sends() == []
    clock.go_on(A_SECOND)
    assert process.sends() == [*tasks[-5:-2], 100, 100]


def test_processes_keep_one_ceiling_together(process: Process, clock: Clock) -> None:
    assert CONFLATION is not None
    assert CONFLATION.ceiling is not None
    turns = [process, Process()]
    tasks = range(3 * CONFLATION.ceiling)
    publish(*(progress(task, f"task-{task}", team="team") for task in tasks))
    sent = []
    for _ in range(3):
        heard = [each.sends() for each in turns]
        assert len(heard[0] + heard[1]) == CONFLATION.ceiling
        sent += heard[0] + heard[1]
        publish(*(progress(task, f"task-{task}", team="team") for task in tasks if task not in sent))
        turns.reverse()
        clock.go_on(A_SECOND)
    assert sorted(sent) == list(tasks)


def test_a_metric_is_told_of_once_a_second_and_user(process: Process, clock: Clock) -> None:
    publish(productivity(1), productivity(1, "v"), efficiency(50.0))
    assert process.sends() == ["productivity-updated", "productivity-updated", "efficiency-updated"]
    publish(productivity(2), productivity(3), productivity(4))
    assert process.sends() == []
    clock.go_on(A_SECOND)
    process.sends()
    assert '"completed":4' in process.handed_on[-1].payload
    assert len(process.handed_on) == 4


def test_a_metric_that_changed_to_and_fro_within_a_second_is_told_of_with_the_same_values(
    process: Process, clock: Clock, member: Person
) -> None:
    task = new_task(member, assigneeId=member.id)
    process.sends()
    for status in ("done", "todo"):
        ok(member.patch(path_of(task, "status"), {"status": status}))
    assert "productivity-updated" not in process.sends()
    clock.go_on(A_SECOND)
    process.sends()
    payloads = [json.loads(each.payload) for each in process.handed_on if each.event == "productivity-updated"]
    before, after = ({name: payload[name] for name in payload if name not in ("from", "to")} for payload in payloads)
    assert before == after


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.relay.BATCH", 5)


@pytest.mark.usefixtures("small_batches")
def test_a_burst_larger_than_a_batch_ends_with_its_newest(process: Process, clock: Clock) -> None:
    publish(*map(progress, range(13)))
    assert process.sends() == [4]
    clock.go_on(WINDOW)
    assert process.sends() == [12]


@pytest.mark.usefixtures("small_batches")
def test_more_than_a_batch_that_is_held_keeps_nothing_behind_it_from_leaving(process: Process) -> None:
    for number in range(2):
        publish(*(productivity(number, user) for user in "abcdefghijkl"))
        process.sends()
    assert len(process.handed_on) == 12
    publish(deleted("t"))
    assert process.sends() == ["task-deleted"]


def test_what_could_not_be_committed_is_sent_next_time(process: Process) -> None:
    begin = socketio.relay._begin

    @contextmanager
    def begin_and_fail() -> Iterator[Connection]:
        with begin() as connection:
            yield connection
            raise ConnectionError

    publish(progress(1), progress(2))
    process.relay._begin = begin_and_fail
    with pytest.raises(ConnectionError):
        process.sends()
    assert stored() == 2
    process.relay._begin = begin
    assert process.sends() == [2]


def test_events_that_are_never_superseded_cost_no_further_query(process: Process) -> None:
    publish(progress(1), deleted("t"))
    process.sends()
    publish(deleted("t"), deleted("u"))
    statements: list[str] = []
    note = lambda *arguments: statements.append(arguments[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", note)
    process.sends()
    event.remove(db.engine, "before_cursor_execute", note)
    turn = [statement for statement in statements if not statement.startswith(("BEGIN", "SELECT set_config"))]
    assert [statement.split()[0] for statement in turn] == ["SELECT", "UPDATE", "INSERT"]
