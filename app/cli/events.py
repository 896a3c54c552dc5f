"""``flask events``: how far delivery has come."""

from datetime import datetime
from typing import Self

import click
from flask.cli import AppGroup, with_appcontext
from redis import RedisError
from rich.console import Console
from rich.table import Table

from app.cli.errors import explained
from app.cli.heard import begin_behind, rooms_argument, show, stored_behind
from app.cli.options import MOST, OFFSET, json_option
from app.cli.output import done
from app.config import current_settings
from app.core.clock import Timestamp, now
from app.core.schema import Schema
from app.core.transaction import transaction
from app.engine.brokers.redis_streams import RedisStreams
from app.engine.brokers.seal import Seal
from app.engine.presence import SILENT
from app.engine.progress import MOST_COUNTED, Numbered, Process, Progress, progress
from app.events import models
from app.events.audit import AuditAction, Audited
from app.extensions import db, socketio


class End(Schema):
    """One end of the history."""

    seq: int
    at: Timestamp


class Server(Schema):
    """A process that serves sockets, or did."""

    id: str
    seen_seconds_ago: float
    alive: bool


class Transport(Schema):
    """Redis: the newest number that it carried, and how far that is behind the table; None while it is away."""

    newest: int | None
    behind: int | None


class EventsReport(Schema):
    """What ``flask events --json`` prints; ``transport`` is None without ``REDIS_URL``."""

    waiting: int
    oldest_waits_seconds: float
    kept: int
    oldest: End | None
    newest: End | None
    processes: list[Server]
    transport: Transport | None

    @classmethod
    def of(cls, found: Progress, at: datetime, transport: Transport | None) -> Self:
        return cls(
            waiting=found.waiting,
            oldest_waits_seconds=_seconds(found.waiting_since, at) if found.waiting_since else 0.0,
            kept=found.kept,
            oldest=_end(found.oldest),
            newest=_end(found.newest),
            processes=[_server(process, at) for process in found.processes],
            transport=transport,
        )


@click.group("events", cls=AppGroup, invoke_without_command=True)
@json_option
@click.pass_context
def events(context: click.Context, *, as_json: bool) -> None:
    """Show how many events wait, what the history holds, who serves, and how far behind Redis is."""
    if context.invoked_subcommand is None:
        _show_progress(as_json=as_json)


@events.command("trim")
@json_option
def trim(*, as_json: bool) -> None:
    """Delete now what is older than HISTORY_HOURS; the servers do so each minute by themselves."""
    with explained():
        count = socketio.history.trim()
        with transaction() as tx:  # the deletion has its own: many small ones
            details = {"count": str(count)}
            tx.publish(Audited(action=AuditAction.EVENTS_DELETED, actor_id=None, target=None, details=details))
    done(f"{count:,} events deleted.", as_json=as_json, deleted=count)


@events.command("replay")
@rooms_argument
@click.option("--after", type=OFFSET, default=0, help="Begin behind this offset; unless given, with the oldest.")
@click.option("--limit", type=click.IntRange(1, MOST), default=100, show_default=True, help="The first so many.")
@json_option
def replay(*, rooms: tuple[str, ...], after: int, limit: int, as_json: bool) -> None:
    """Print the stored events of ROOMS, the oldest first, a line each; nothing is delivered again."""
    with explained():
        seq = begin_behind(after)
        while limit > 0 and (found := stored_behind(rooms, seq)[:limit]):
            for heard in found:
                show(heard, as_json=as_json)
            limit -= len(found)
            seq = int(found[-1].offset)


@with_appcontext
def _show_progress(*, as_json: bool) -> None:
    with explained(), db.engine.connect() as connection:
        found = progress(connection, models.events, models.processes)
    report = EventsReport.of(found, now(), _transport(found))
    if as_json:
        click.echo(report.model_dump_json(by_alias=True, indent=2))
    else:
        Console(highlight=False).print(_table(report))


def _transport(found: Progress) -> Transport | None:
    settings = current_settings()
    if not settings.redis_url:
        return None
    try:
        newest = RedisStreams(settings.redis_url, Seal(settings.broker_key)).newest()
    except RedisError:
        return Transport(newest=None, behind=None)
    numbered = found.newest.seq if found.newest else 0
    return Transport(newest=newest, behind=max(0, numbered - newest))


def _end(numbered: Numbered | None) -> End | None:
    return End(seq=numbered.seq, at=numbered.at) if numbered else None


def _server(process: Process, at: datetime) -> Server:
    seconds = _seconds(process.seen_at, at)
    return Server(id=process.id, seen_seconds_ago=seconds, alive=seconds < SILENT.total_seconds())


def _seconds(since: datetime, at: datetime) -> float:
    return round(max(0.0, (at - since).total_seconds()), 1)


def _table(report: EventsReport) -> Table:
    table = Table("", "events", "", title="Delivery", title_justify="left")
    more = " or more" if report.waiting == MOST_COUNTED else ""
    waits = f"the oldest for {report.oldest_waits_seconds} s" if report.waiting else ""
    table.add_row("committed, not yet numbered", f"{report.waiting:,}{more}", waits)
    table.add_row("history", f"{report.kept:,}")
    for name, end in (("oldest", report.oldest), ("newest", report.newest)):
        if end is not None:
            table.add_row(f"  {name}", "", f"{end.seq}, at {end.at:%Y-%m-%d %H:%M:%S} UTC")
    if report.transport is not None:
        table.add_row("numbered, not in Redis", *_lag(report.transport))
    table.add_section()
    alive = sum(server.alive for server in report.processes)
    table.add_row("serving processes", "", f"{alive} alive")
    for server in report.processes:
        state = "alive" if server.alive else "silent"
        table.add_row(f"  {server.id}", "", f"{state}, seen {server.seen_seconds_ago} s ago")
    return table


def _lag(transport: Transport) -> tuple[str, str]:
    if transport.behind is None:
        return "?", "Redis is away"
    return f"{transport.behind:,}", f"Redis is at {transport.newest}"
