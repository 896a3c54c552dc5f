"""Who is connected, by user and device, over all processes: the sessions whose connection lives."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Select, Subquery, Table, cast, false, func, or_, select

from app.engine.begin import Begin
from app.engine.clock import ago

SILENT = timedelta(seconds=20)  # without a sign of life, one of which is due every five, a process is taken for dead

Devices = Counter[str]
"""How many connections each device has."""


class LiveSocket(NamedTuple):
    """A socket that is connected: whose it is, where, and the rooms that it is in."""

    owner: str
    device: str
    namespace: str
    process: str
    away: bool
    rooms: list[str]


class Presence:
    """Reads what :class:`app.engine.Sessions` writes.

    A connection counts from the moment when it was accepted until its transport is gone, and no longer than its process
    gives signs of life: so those of a process that crashed expire by themselves.

    Args:
        sessions: from :func:`app.engine.session_table`.
        processes: from :func:`app.engine.process_table`.
        process: this one, which knows that it lives.
        read: opens a transaction that only reads.
    """

    def __init__(self, sessions: Table, processes: Table, process: str, read: Begin) -> None:
        self._sessions = sessions
        self._processes = processes
        self._process = process
        self._read = read

    def of(self, owners: Collection[str]) -> dict[str, Devices]:
        """The connected devices of each of ``owners`` who is connected at all; sockets of one connection count once."""
        found: defaultdict[str, Devices] = defaultdict(Counter)
        with self._read() as connection:
            c = self.connections(connection, owners).c
            query = select(c.owner, c.device, func.count()).group_by(c.owner, c.device)
            for owner, device, count in connection.execute(query):
                found[owner][device] = count
        return dict(found)

    def living(self) -> set[str]:
        """The processes that give signs of life, this one included."""
        p = self._processes.c
        with self._read() as connection:
            alive = connection.scalars(select(p.id).where(p.seen_at >= ago(connection, SILENT)))
            return {self._process, *alive}

    def rooms(self) -> Counter[str]:
        """How many live sockets are in each room, over all processes. It reads them all."""
        with self._read() as connection:
            rows = connection.scalars(self._live(connection, self._sessions.c.rooms))
            return Counter(room for rooms in rows for room in _names(rooms))

    def sockets(self, owner: str | None, limit: int) -> list[LiveSocket]:
        """The first ``limit`` live sockets, of ``owner`` or of anybody, over all processes."""
        s = self._sessions.c
        columns = (s.owner, s.device, s.namespace, s.process, s.away, s.rooms)
        with self._read() as connection:
            query = self._live(connection, *columns).order_by(s.owner, s.process, s.sid).limit(limit)
            rows = connection.execute(query if owner is None else query.where(s.owner == owner)).all()
        return [
            LiveSocket(row.owner, row.device, row.namespace, row.process, row.away, _names(row.rooms)) for row in rows
        ]

    def _live(self, connection: Connection, *columns: Any, silent: timedelta = SILENT) -> Select[Any]:
        s, p = self._sessions.c, self._processes.c
        lives = (s.process == self._process) | (p.seen_at >= ago(connection, silent))
        joined = select(*columns).outerjoin_from(self._sessions, self._processes, s.process == p.id)
        return joined.where(s.lost_at.is_(None), lives)

    def misses_a_process(self) -> bool:
        """Whether another process stopped giving signs of life, and is not forgotten yet."""
        p = self._processes.c
        with self._read() as connection:
            dead = select(p.id).where(p.id != self._process, p.seen_at < ago(connection, SILENT)).limit(1)
            return connection.scalar(dead) is not None

    def connections(
        self,
        connection: Connection,
        owners: Collection[str] | None = None,
        rooms: Mapping[str, str] | None = None,
        silent: timedelta = SILENT,
    ) -> Subquery:
        """A query for the ``owner``, ``device`` and ``connection`` of each that counts, and ``away``: 1 or 0.

        A connection is away when one of its sockets is: a namespace that is entered later says nothing.

        Args:
            connection: what it will be asked over.
            owners: whose; None for everybody's. Databases don't find out by themselves that they need no others.
            rooms: the room of each owner: only connections with a socket in it; None: all.
            silent: only those of processes that were silent for no longer than that.
        """
        s = self._sessions.c
        away = func.max(cast(s.away, Integer)).label("away")
        columns = (s.owner, s.device, s.connection)
        query = self._live(connection, *columns, away, silent=silent).group_by(*columns)
        if owners is not None:
            query = query.where(s.owner.in_(owners))
        if rooms is not None:
            listed = {owner: json.dumps(room) for owner, room in rooms.items()}
            theirs = ((s.owner == owner) & s.rooms.contains(room, autoescape=True) for owner, room in listed.items())
            query = query.having(func.max(cast(or_(false(), *theirs), Integer)) == 1)
        return query.subquery()

    def last_signs(self, owners: Collection[str]) -> Subquery:
        """A query for ``owner`` and ``seen_at``: when they were last known to have a connection.

        Of one that was lost that is when it was; of another, the last sign of life of the process that has it.
        """
        s, p = self._sessions.c, self._processes.c
        sign = func.coalesce(s.lost_at, p.seen_at)
        return (
            select(s.owner, func.max(sign).label("seen_at"))
            .outerjoin_from(self._sessions, self._processes, s.process == p.id)
            .where(sign.is_not(None), s.owner.in_(owners))
            .group_by(s.owner)
            .subquery()
        )


def _names(rooms: str) -> list[str]:
    stored = json.loads(rooms)
    return list(stored["entered"]) if isinstance(stored, dict) else []  # another version wrote it
