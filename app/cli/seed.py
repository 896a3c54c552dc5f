"""``flask seed``: as much demo data as one likes. For development only."""

from datetime import timedelta
from random import Random

import click
from flask.cli import with_appcontext
from rich.progress import track
from sqlalchemy import select

from app.auth.passwords import hash_password
from app.cli.demo import PASSWORD
from app.cli.errors import explained
from app.cli.options import json_option
from app.cli.output import done
from app.config import current_settings
from app.core.clock import now
from app.core.transaction import transaction
from app.events.tasks import Priority, Status
from app.extensions import db
from app.people.models import Team, TeamMember, User
from app.tasks.models import Task

BATCH = 1_000  # rows in a transaction
DAYS = 90  # over which tasks were made


@click.command("seed")
@click.option("--users", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--teams", default=5, show_default=True, type=click.IntRange(1, 1_000))
@click.option("--tasks", default=2_000, show_default=True, type=click.IntRange(0, 1_000_000))
@click.option("--random-seed", default=1, show_default=True, help="The same makes the same, once.")
@json_option
@with_appcontext
def seed(*, users: int, teams: int, tasks: int, random_seed: int, as_json: bool) -> None:
    """Add users, in teams, and tasks of theirs. Nothing is emitted: it is as if they had always been there."""
    if current_settings().production:
        raise click.ClickException("Not in production: the users' password is known.")
    random, domain = Random(random_seed), f"seed{random_seed}.example.com"  # noqa: S311 - nothing secret
    with explained():
        if db.session.scalar(select(User.id).where(User.email == _email(0, domain))) is not None:
            raise click.ClickException(
                f"The users of --random-seed {random_seed} are there already; choose another one."
            )
        people = _people(users, teams, random, domain)
        batches = [min(BATCH, tasks - start) for start in range(0, tasks, BATCH)]
        for size in track(batches, "Tasks", disable=as_json):
            with transaction():
                db.session.add_all(_task(people, random) for _ in range(size))
    first = _email(0, domain)
    text = f"{users} users in {teams} teams, {tasks} tasks. Log in as {first} … with {PASSWORD}"
    done(text, as_json=as_json, users=users, teams=teams, tasks=tasks, first=first)


def _people(users: int, teams: int, random: Random, domain: str) -> list[tuple[str, str]]:
    """Makes them; returns the ids of each with that of a team of theirs."""
    password_hash = hash_password(PASSWORD)
    with transaction():
        groups = [Team(name=f"Team {number + 1}") for number in range(teams)]
        made = [
            User(email=_email(number, domain), name=f"User {number}", password_hash=password_hash)
            for number in range(users)
        ]
        db.session.add_all([*groups, *made])
        db.session.flush()
        members = [(user.id, random.choice(groups).id) for user in made]
        db.session.add_all(TeamMember(user_id=user, team_id=team) for user, team in members)
    return members


def _email(number: int, domain: str) -> str:
    return f"user{number}@{domain}"


def _task(people: list[tuple[str, str]], random: Random) -> Task:
    creator, team = random.choice(people)
    assignee, _ = random.choice(people)
    made = now() - timedelta(days=random.uniform(0, DAYS))
    status = random.choice(list(Status))
    completed = min(now(), made + timedelta(hours=random.uniform(1, 200))) if status is Status.DONE else None
    return Task(
        title=f"{random.choice(('Write', 'Review', 'Ship', 'Measure'))} {random.choice(('docs', 'tests', 'code'))}",
        status=status,
        progress=100 if completed else random.randrange(0, 100, 10),
        priority=random.choice(list(Priority)),
        creator_id=creator,
        assignee_id=assignee,
        team_id=team,
        due_at=made + timedelta(days=random.uniform(1, 30)),
        estimate_hours=float(random.randint(1, 16)),
        created_at=made,
        updated_at=completed or made,
        completed_at=completed,
        first_completed_at=completed,
    )
