"""Who is connected, by user and device, over all processes: the sessions whose connection lives."""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import Table, func, select

from app.engine.begin import Begin
from app.engine.clock import ago

SILENT = timedelta(seconds=20)  # without a sign of life, one of which is due every five, a process is taken for dead

Devices = Counter[str]
"""How many connections each device has."""


class Presence:
    """Reads what :class:`app.engine.Sessions` writes.

    A connection counts from the moment when it was accepted until its transport is gone, and no longer than its process
    gives signs of life: so those of a process that crashed expire by themselves.

    Args:
        sessions: from :func:`app.engine.session_table`.
        processes: from :func:`app.engine.process_table`.
        read: opens a transaction that only reads.
    """

    def __init__(self, sessions: Table, processes: Table, read: Begin) -> None:
        self._sessions = sessions
        self._processes = processes
        self._read = read

    def of(self, owners: Collection[str]) -> dict[str, Devices]:
        """The connected devices of each of ``owners`` who is connected at all; sockets of one connection count once."""
        s, p = self._sessions.c, self._processes.c
        connections = func.count(s.connection.distinct())
        query = (
            select(s.owner, s.device, connections)
            .join_from(self._sessions, self._processes, s.process == p.id)
            .where(s.owner.in_(owners), s.lost_at.is_(None))
            .group_by(s.owner, s.device)
        )
        found: defaultdict[str, Devices] = defaultdict(Counter)
        with self._read() as connection:
            lives = p.seen_at >= ago(connection, SILENT)
            for owner, device, count in connection.execute(query.where(lives)):
                found[owner][device] = count
        return dict(found)
