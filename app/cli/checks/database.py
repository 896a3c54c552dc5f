"""The database: is it there, is it migrated, does its clock agree, and has it room."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from app.cli.checks import Check, failed, ok, warning
from app.cli.serve import is_behind
from app.config import Settings
from app.engine.progress import backlog
from app.events.models import events
from app.extensions import db, socketio

SKEW = 1.0  # seconds between the clocks, from which on times look wrong
FREE = 500e6  # bytes
POOL = 20  # connections of a process, at the most
WAITING = 5.0  # seconds that an event may wait for its number


def database(settings: Settings) -> Iterator[Check]:
    """Check the database of ``settings``; where it can't be reached, that is all there is to say."""
    began = perf_counter()
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            yield ok("database", f"{_version(connection)}, answers in {(perf_counter() - began) * 1000:.1f} ms")
            yield from _inside(connection, settings)
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        yield failed("database", said, "start it, or correct DATABASE_URL; until then requests get 503")


def _version(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return f"SQLite {connection.scalar(text('SELECT sqlite_version()'))}"
    return f"PostgreSQL {connection.scalar(text('SHOW server_version'))}"


def _inside(connection: Connection, settings: Settings) -> Iterator[Check]:
    if is_behind():
        yield failed("migrations", "tables are missing or old", "make migrate")
        return
    yield ok("migrations", "up to date")
    if connection.dialect.name == "sqlite":
        yield from _sqlite(connection, settings)
    else:
        yield _clock(connection)
        yield _connections(connection)
    yield _delivery(connection)


def _sqlite(connection: Connection, settings: Settings) -> Iterator[Check]:
    mode = connection.scalar(text("PRAGMA journal_mode"))
    if mode == "wal":
        yield ok("journal", "WAL")
    else:
        yield failed("journal", str(mode), "readers wait for writers: put the file on a local disk, which can do WAL")
    folder = Path(db.engine.url.database or settings.instance_path).resolve().parent
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free at {folder}"
    yield ok("disk", found) if free > FREE else warning("disk", found, "writes fail when it is full: make room")
    if settings.production:
        yield warning("processes", "one, on SQLite", "for several, and for a restart without an outage: PostgreSQL")


def _clock(connection: Connection) -> Check:
    skew = (connection.scalar(text("SELECT clock_timestamp()")) - datetime.now(UTC)).total_seconds()
    found = f"{abs(skew):.3f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
    if abs(skew) < SKEW:
        return ok("database's clock", found)
    return warning("database's clock", found, "run NTP on both: latencies and tokens' times are wrong else")


def _connections(connection: Connection) -> Check:
    most = int(connection.scalar(text("SHOW max_connections")) or 0)
    processes = len(socketio.presence.living())
    found = f"{most} for {processes} processes with {POOL} each, at the most"
    if processes * POOL < most:
        return ok("max_connections", found)
    return warning("max_connections", found, "raise it in postgresql.conf, or put PgBouncer between")


def _delivery(connection: Connection) -> Check:
    waiting = backlog(connection, events)
    found = f"{waiting.events:,} events wait, the oldest for {waiting.seconds:.1f} s"
    if waiting.seconds < WAITING:
        return ok("delivery", found)
    return failed("delivery", found, "no process numbers events: start one that serves, on this database")
