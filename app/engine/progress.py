"""How far delivery has come, for whoever looks after it. No question is answered by reading a whole table."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Table, func, select

from app.engine.clock import now, unix

MOST_COUNTED = 10_000  # waiting rows; so many say all there is to say
MOST_PROCESSES = 100  # those of the last minutes are kept


@dataclass(frozen=True)
class Numbered:
    """An event of the history: its number, and when it was published."""

    seq: int
    at: datetime


@dataclass(frozen=True)
class Process:
    """A process that serves sockets, or did, and when it last said that it lives."""

    id: str
    seen_at: datetime


@dataclass(frozen=True)
class Backlog:
    """What is committed and has no number yet, of all processes; what is held by its pace is among it.

    Attributes:
        events: how many; :data:`MOST_COUNTED` stands for more, too.
        since: when the oldest of them was published.
        seconds: for how long that has waited, by the clock of the database.
    """

    events: int
    since: datetime | None
    seconds: float


@dataclass(frozen=True)
class Progress:
    """What was committed, what of it was numbered, and who serves.

    Attributes:
        waiting: how many events are committed and not yet numbered; :data:`MOST_COUNTED` stands for more, too.
        waiting_since: when the oldest of those was published.
        oldest: where the history begins.
        newest: where it ends.
        processes: those known, the one seen last first.
    """

    waiting: int
    waiting_since: datetime | None
    oldest: Numbered | None
    newest: Numbered | None
    processes: tuple[Process, ...]

    @property
    def kept(self) -> int:
        """How many events the history holds: numbers have no holes, so the ends tell."""
        return self.newest.seq - self.oldest.seq + 1 if self.oldest and self.newest else 0


def backlog(connection: Connection, events: Table) -> Backlog:
    """Read it as it is now; the arguments are as for :func:`progress`."""
    e = events.c
    first = select(e.created_at).where(e.seq.is_(None)).order_by(e.id).limit(MOST_COUNTED).subquery()
    oldest = func.min(first.c.created_at)
    waiting, since, at = connection.execute(select(func.count(), oldest, now(connection))).one()
    return Backlog(waiting, _in_utc(since), max(0.0, unix(at) - unix(since))) if since else Backlog(0, None, 0.0)


def progress(connection: Connection, events: Table, processes: Table) -> Progress:
    """Read it as it is now.

    Args:
        connection: in a transaction that only reads.
        events: from :func:`app.engine.outbox.event_table`.
        processes: from :func:`app.engine.sessions.process_table`.
    """
    e, p = events.c, processes.c
    waits = backlog(connection, events)
    ends = [
        connection.execute(select(e.seq, e.created_at).where(e.seq.is_not(None)).order_by(order).limit(1)).one_or_none()
        for order in (e.seq.asc(), e.seq.desc())
    ]
    oldest, newest = (Numbered(end.seq, _in_utc(end.created_at)) if end else None for end in ends)
    known = connection.execute(select(p.id, p.seen_at).order_by(p.seen_at.desc()).limit(MOST_PROCESSES))
    return Progress(
        waits.events,
        waits.since,
        oldest,
        newest,
        tuple(Process(row.id, _in_utc(row.seen_at)) for row in known),
    )


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)  # SQLite stores no zones
