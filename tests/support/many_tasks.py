"""A database as full as after two years: 100,000 tasks of a few hundred people, the same at each making."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, repeat
from random import Random
from typing import Any

from sqlalchemy import Connection, insert, text

from app.core.clock import now, to_the_millisecond
from app.events.tasks import Priority, Status
from app.extensions import Model
from app.people.models import Team, TeamMember, User
from app.tasks.models import Task
from tests.support.many_rows import COPIES, copy_of, multiply, numbered

TASKS = 100_000
PEOPLE = 250
TEAM_SIZE = 10
DAYS = 730  # over which the tasks were made
DESCRIPTION = "What is to be done, for whom, and how one sees that it is done. " * 2
OPEN = (Status.TODO, Status.IN_PROGRESS, Status.IN_REVIEW, Status.BLOCKED)


def fill(connection: Connection, own: Mapping[str, int], total: int = TASKS) -> None:
    """Make people in teams and about ``total`` tasks: ``own`` says of users how many of these are theirs."""
    random = Random(1)
    people = [numbered(number, "u") for number in range(PEOPLE)]
    teams = [numbered(number, "t") for number in range(PEOPLE // TEAM_SIZE)]
    connection.execute(insert(Team), [{"id": id, "name": "A team"} for id in teams])
    connection.execute(insert(User), [_user(id) for id in people])
    members = [{"team_id": teams[number // TEAM_SIZE], "user_id": id} for number, id in enumerate(people)]
    connection.execute(insert(TeamMember), members)
    team_of = {row["user_id"]: row["team_id"] for row in members}
    assignees = list(chain(*(repeat(id, count // COPIES) for id, count in own.items())))
    assignees += random.choices(people, k=total // COPIES - len(assignees))
    random.shuffle(assignees)
    connection.execute(insert(Task), list(_tasks(random, people, team_of, assignees)))
    table = Model.metadata.tables[Task.__tablename__]
    multiply(connection, table, lambda number: {"id": copy_of(table.c.id, number)})


def analyze(connection: Connection) -> None:
    """Have PostgreSQL know how much there is of what, as it does by itself after a minute."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE"))


def _tasks(
    random: Random, people: Sequence[str], team_of: Mapping[str, str], assignees: Sequence[str]
) -> Iterator[dict[str, Any]]:
    end = now()
    for number, assignee_id in enumerate(assignees):  # the oldest first, as ids are
        created_at = to_the_millisecond(end - timedelta(days=DAYS) * (1 - number / len(assignees)))
        task = {
            "id": numbered(number, "a"),
            "title": f"Task {number}",
            "description": DESCRIPTION,
            "priority": random.choice(list(Priority)),
            "progress": random.randrange(101),
            "creator_id": random.choice(people),
            "assignee_id": assignee_id,
            "team_id": team_of.get(assignee_id) if random.random() < 0.7 else None,
            "created_at": created_at,
            "updated_at": created_at,
            "due_at": created_at + timedelta(days=random.randrange(1, 30)) if random.random() < 0.6 else None,
            "estimate_hours": float(random.randrange(1, 40)) if random.random() < 0.5 else None,
        }
        yield task | _course(random, created_at, end)


def _course(random: Random, created_at: datetime, end: datetime) -> dict[str, Any]:
    """What became of a task: most are done within weeks, a few never."""
    started_at = created_at + timedelta(hours=random.randrange(1, 240))
    done_at = started_at + timedelta(hours=random.randrange(1, 480))
    never = random.random() < 0.03
    if never or done_at > end:
        later = dict.fromkeys(["completed_at", "first_completed_at", "actual_hours", "rating", "rated_at"])
        begun = {"status": random.choice(OPEN), "started_at": started_at if started_at < end else None}
        return later | begun | {"reopen_count": 0}
    rated = random.random() < 0.4
    return {
        "status": Status.DONE,
        "started_at": started_at,
        "completed_at": done_at,
        "first_completed_at": done_at,
        "reopen_count": int(random.random() < 0.08),
        "actual_hours": float(random.randrange(1, 60)) if random.random() < 0.7 else None,
        "rating": random.randrange(1, 6) if rated else None,
        "rated_at": min(done_at + timedelta(hours=random.randrange(1, 200)), end) if rated else None,
    }


def _user(id: str) -> dict[str, Any]:
    return {"id": id, "email": f"{id}@example.com", "name": "Somebody", "password_hash": "unusable"}
