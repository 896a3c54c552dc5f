"""``flask load``: puts a server under load with real clients, and says whether each of them heard all of it."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import delete

from app.auth.service import begin_login_for
from app.auth.tokens import access_token
from app.cli.errors import explained
from app.cli.options import Amount, Url, json_option
from app.config import Settings, current_settings
from app.core import json
from app.core.clock import now
from app.core.ids import new_id
from app.core.transaction import transaction
from app.extensions import db
from app.load.outcome import Outcome
from app.load.page import page
from app.load.plan import Actor, Plan
from app.load.report import by, figures, show
from app.load.run import Run
from app.notifications.models import Notification
from app.people.models import User


@click.command("load")
@click.option("--url", type=Url(), help="Of the server; unless given, that of HOST and PORT.")
@click.option("--connections", default=200, show_default=True, type=click.IntRange(1, 20_000))
@click.option(
    "--polling", default=0, show_default=True, type=click.IntRange(0), help="So many of them poll, without WebSocket."
)
@click.option("--rooms", default=20, show_default=True, type=click.IntRange(1, 1_000), help="The clients share them.")
@click.option("--rate", default=50.0, show_default=True, type=Amount(0.1, 5_000), help="Events a second.")
@click.option("--duration", default=20.0, show_default=True, type=Amount(1, 3_600), help="Seconds.")
@click.option("--ramp", default=100.0, show_default=True, type=Amount(1, 2_000), help="Connections a second.")
@click.option("--bound", type=Amount(0, min_open=True), help="Fail when 1 delivery in 100 takes more milliseconds.")
@click.option("--report", type=click.File("w", lazy=False), help="Write an HTML page with plots.")
@click.option("--this-server-is-mine", is_flag=True, help="For a server on another machine.")
@json_option
@with_appcontext
def load(  # noqa: PLR0913 - options
    *,
    url: str | None,
    connections: int,
    polling: int,
    rooms: int,
    rate: float,
    duration: float,
    ramp: float,
    bound: float | None,
    report: TextIO | None,
    this_server_is_mine: bool,
    as_json: bool,
) -> None:
    """Connect clients, make events over HTTP, and hold what each client heard against what was made.

    It needs the database of the server: it makes a user for each room, and deletes them at the end. Each event is a
    notification, by a request of its own; a user may send REQUESTS_PER_MINUTE of them. Exits with 1 when an event was
    lost, repeated or out of order, when something was refused, or the bound was passed. Ctrl-C ends it with what there
    is.
    """
    if polling > connections:
        raise click.ClickException(f"There are {connections:,} connections, so {polling:,} of them can't poll.")
    settings = current_settings()
    plan = Plan(url or f"http://{settings.host}:{settings.port}", connections, polling, rate, duration, ramp, bound)
    if not plan.is_local and not this_server_is_mine:
        raise click.ClickException("Load takes a server down: confirm with --this-server-is-mine that it is yours.")
    _check_limits(settings, plan, rooms)
    with explained(), _actors(rooms) as actors:
        outcome = _run(plan, actors, settings.metrics_token, quiet=as_json)
    faults = outcome.faults(plan.bound)
    if report is not None:
        report.write(page(plan, outcome, f"{now():%Y-%m-%d %H:%M} UTC"))
    if as_json:
        click.echo(json.dumps({"figures": figures(plan, outcome), "faults": faults}))
    else:
        show(plan, outcome, Console(highlight=False))
    sys.exit(bool(faults))


def _check_limits(settings: Settings, plan: Plan, rooms: int) -> None:
    """Refuse what the server would refuse, as far as its settings are those here."""
    events = rooms * settings.requests_per_minute / 60
    connections = min(rooms * settings.connections_per_user, settings.connections_per_address)
    if plan.rate > events:
        raise click.ClickException(
            f"{rooms} rooms may make {events:g} events a second by REQUESTS_PER_MINUTE={settings.requests_per_minute}: "
            "raise it, for the server and here, or use more --rooms."
        )
    if plan.connections > connections:
        raise click.ClickException(
            f"{rooms} users at one address may have {connections:,} connections by "
            f"CONNECTIONS_PER_USER={settings.connections_per_user} and "
            f"CONNECTIONS_PER_ADDRESS={settings.connections_per_address}: raise them, for the server and here."
        )


@contextmanager
def _actors(count: int) -> Iterator[list[Actor]]:
    """A user for each room, with a login, until the end of the block."""
    prefix = new_id()
    with transaction():
        users = [
            User(email=f"load-{number}.{prefix}@example.com", name=f"Load test {number}", password_hash="unusable")  # noqa: S106
            for number in range(count)
        ]
        db.session.add_all(users)
    actors = [Actor(user.id, access_token(begin_login_for(user))) for user in users]
    try:
        yield actors
    finally:
        ids = [actor.user_id for actor in actors]
        with transaction():
            db.session.execute(delete(Notification).where(Notification.user_id.in_(ids)))
            db.session.execute(delete(User).where(User.id.in_(ids)))


def _run(plan: Plan, actors: list[Actor], metrics_token: str, *, quiet: bool) -> Outcome:
    with Progress(console=Console(stderr=True), disable=quiet) as bar:
        tasks = {"connecting": bar.add_task("connecting", total=plan.connections)}

        def progress(what: str, done: int, total: int) -> None:
            task = tasks.get(what)
            if task is None:
                task = tasks[what] = bar.add_task(what, total=total)
            lately = run.outcome.latency_lately
            told = "; ".join(
                f"p50{by(transport, plan)} {lately(transport, 0.5):.0f} ms, p99 {lately(transport, 0.99):.0f} ms"
                for transport in plan.transports
            )
            bar.update(task, completed=done, description=f"{what}: {told}" if run.outcome.deliveries else what)

        run = Run(plan, actors, metrics_token, progress)
        try:
            asyncio.run(run.go())
        except KeyboardInterrupt:
            run.outcome.errors["ended by hand"] += 1
    return run.outcome
