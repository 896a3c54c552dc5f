"""What was published and is still kept: the event table, read by room."""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from eventlet import sleep
from sqlalchemy import Row, Select, Table, delete, func, select

from app.engine.begin import Begin
from app.engine.clock import ago, unix
from app.engine.envelope import Envelope, Trace

CHUNK = 500  # events fetched at a time
TRIMMED_AT_ONCE = 1_000  # events deleted in one transaction


@dataclass(frozen=True)
class Kept:
    """Which numbers the history holds: those after ``floor`` up to ``newest``."""

    floor: int
    newest: int

    def reaches(self, seq: int) -> bool:
        """Whether all that came after ``seq`` is there. A number that was never given is not reached, either."""
        return self.floor <= seq <= self.newest


@dataclass(frozen=True)
class Bound:
    """How much of the past one client is given: so many events, with so many characters of payload."""

    events: int
    characters: int


class History:
    """Reads the numbered rows of the event table.

    Args:
        events: from :func:`app.engine.outbox.event_table`.
        rooms: from :func:`app.engine.outbox.room_table`.
        read: opens a transaction that only reads.
        begin: opens one that may write.
        keep: for how long events are kept.
    """

    def __init__(self, events: Table, rooms: Table, read: Begin, begin: Begin, keep: timedelta) -> None:
        self._events = events
        self._rooms = rooms
        self._read = read
        self._begin = begin
        self._keep = keep

    def kept(self) -> Kept:
        """What the history holds now."""
        seq = self._events.c.seq
        first, newest = (select(end(seq)).scalar_subquery() for end in (func.min, func.max))
        with self._read() as connection:  # each end by a look at the index; SQLite would scan it for both at once
            first, newest = connection.execute(select(first, newest)).one()
        return Kept(floor=(first or 1) - 1, newest=newest or 0)

    def all_after(self, rooms: Collection[str], seq: int, most: Bound) -> list[Envelope] | None:
        """All events of ``rooms`` behind ``seq``, in order, each once; None when that is more than ``most``."""
        found: list[Envelope] = []
        characters = 0
        with self._read() as connection:
            rows = connection.execution_options(yield_per=CHUNK).execute(self._query(rooms, seq, most.events + 1))
            for chunk in rows.partitions():
                found += map(_envelope, chunk)
                characters += sum(len(row.payload) for row in chunk)
                if len(found) > most.events or characters > most.characters:
                    rows.close()
                    return None
        return found

    def dated_after(self, room: str, seq: int, limit: int) -> list[tuple[Envelope, datetime]]:
        """The first ``limit`` events of one room behind ``seq``, in order, each with the time of its publishing."""
        with self._read() as connection:
            rows = connection.execute(self._query([room], seq, limit)).all()
        return [(_envelope(row), row.created_at) for row in rows]

    def between(self, seq: int, last: int) -> list[Envelope]:
        """All that is numbered after ``seq`` up to ``last``, control messages among it, in order."""
        c = self._events.c
        row = (c.seq, c.event, c.payload, c.rooms, c.created_at, c.cause)
        query = select(*row).where(c.seq > seq, c.seq <= last).order_by(c.seq)
        with self._read() as connection:
            found = connection.execute(query).all()
        return [replace(_envelope(row), trace=Trace(row.cause, unix(row.created_at))) for row in found]

    def trim(self) -> int:
        """Delete what is older than it is to be kept, but for the newest event, which holds the count.

        A few at a time: whoever else wants to write waits for no more than that.

        Returns:
            How many events that was.
        """
        total = 0
        while count := self._trim_first(TRIMMED_AT_ONCE):
            total += count
            sleep()  # SQLite itself lets nobody else have a turn
        return total

    def _trim_first(self, count: int) -> int:
        c = self._events.c
        newest = select(func.max(c.seq)).scalar_subquery()
        first = select(c.seq, c.created_at).where(c.seq < newest).order_by(c.seq).limit(count).subquery()
        with self._read() as connection:
            old = first.c.created_at < ago(connection, self._keep)
            last = connection.scalar(select(func.max(first.c.seq)).where(old))
        if last is None:
            return 0
        with self._begin() as connection:
            connection.execute(delete(self._rooms).where(self._rooms.c.seq <= last))
            return connection.execute(delete(self._events).where(c.seq <= last)).rowcount

    def _query(self, rooms: Collection[str], seq: int, limit: int) -> Select[int, str, str, str, datetime]:
        c, r = self._events.c, self._rooms.c
        numbers = select(r.seq).where(r.room.in_(rooms), r.seq > seq).distinct().order_by(r.seq).limit(limit)
        return select(c.seq, c.event, c.payload, c.rooms, c.created_at).where(c.seq.in_(numbers)).order_by(c.seq)


def _envelope(row: Row[*tuple[object, ...]]) -> Envelope:
    return Envelope(row.event, row.payload, _rooms(row.rooms), seq=row.seq)


@lru_cache
def _rooms(text: str) -> tuple[str, ...]:
    """What one client missed went to a few rooms: reading the same text anew took a tenth of a replay's time."""
    return tuple(json.loads(text))
