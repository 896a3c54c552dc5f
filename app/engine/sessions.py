"""Sessions: what a client that comes back is recognized by, and what it may go on with; and so, who is connected.

They are rows, written through with each change, so that a killed process leaves them behind as they were. A row
belongs to the connection that claimed it last; what an older connection still writes is ignored.
"""

import json
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    MetaData,
    String,
    Table,
    Text,
    case,
    delete,
    false,
    insert,
    select,
    tuple_,
    update,
)

from app.engine.begin import Begin
from app.engine.clock import ago, now
from app.engine.memberships import Memberships, Replay

MOST_SILENT = timedelta(seconds=60)  # a living process may be held up for longer than a short window; see SILENT, too


def session_table(metadata: MetaData) -> Table:
    """Declare the table of sessions in ``metadata``."""
    return Table(
        "socket_sessions",
        metadata,
        Column("pid", String(32), primary_key=True),
        Column("sid", String(32), nullable=False),
        Column("namespace", String(64), nullable=False),
        Column("owner", String(64), nullable=False, index=True),
        Column("device", String(64), nullable=False, server_default=""),
        Column("connection", String(64), nullable=False),
        Column("process", String(32), nullable=False, index=True),
        Column("began_at", BigInteger, nullable=False),
        Column("rooms", Text, nullable=False),
        Column("away", Boolean, nullable=False, server_default=false()),
        Column("lost_at", DateTime(timezone=True), nullable=True, index=True),
    )


def process_table(metadata: MetaData) -> Table:
    """Declare the table in which each serving process says that it lives."""
    return Table(
        "socket_processes",
        metadata,
        Column("id", String(32), primary_key=True),
        Column("seen_at", DateTime(timezone=True), nullable=False),
    )


@dataclass(frozen=True)
class Owner:
    """Whose a socket is: the ``id`` of who may go on with its session, and the ``device`` that it belongs to."""

    id: str
    device: str


@dataclass
class Session:
    """One client in one namespace, over as many connections as it takes.

    Attributes:
        pid: its private id; who knows it and is the owner may go on with it.
        sid: the socket's id, the same after a recovery.
        owner: whose it is.
        connection: the connection that has it now.
        began_at: the newest event when it began: where a client stands that has heard none.
        rooms: the rooms that it is in.
    """

    sid: str
    namespace: str
    owner: Owner
    connection: str
    began_at: int
    pid: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    rooms: Memberships = field(default_factory=Memberships)

    @property
    def identity(self) -> tuple[str, str, Owner, str]:
        """Its sid, its namespace, its owner and its connection."""
        return self.sid, self.namespace, self.owner, self.connection


class Sessions:
    """The store of sessions.

    Attributes:
        on_change: is told the owners of whom a connection came, went or said that it is away, once that is stored. It
            never blocks and never fails.

    Args:
        table: from :func:`session_table`.
        processes: from :func:`process_table`.
        begin: opens a transaction that may write.
        window: how long after its connection was lost a session can be recovered.
    """

    def __init__(self, table: Table, processes: Table, begin: Begin, window: timedelta) -> None:
        self._table = table
        self._processes = processes
        self._begin = begin
        self._window = window
        self._most_silent = max(window, MOST_SILENT)
        self.process = secrets.token_hex(8)
        self.on_change: Callable[[Collection[str]], None] = lambda _: None

    def add(self, session: Session) -> None:
        """Store a new session."""
        with self._begin() as connection:
            connection.execute(insert(self._table), self._row(session))

    def restore(self, sessions: Collection[Session]) -> None:
        """Store again those of ``sessions`` that are no more in the store: nobody is away from them, then."""
        c = self._table.c
        with self._begin() as connection:
            kept = set(connection.scalars(select(c.pid).where(c.pid.in_([session.pid for session in sessions]))))
            rows = [self._row(session) for session in sessions if session.pid not in kept]
            if rows:
                connection.execute(insert(self._table), rows)

    def _row(self, session: Session) -> dict[str, Any]:
        return {
            "pid": session.pid,
            "sid": session.sid,
            "namespace": session.namespace,
            "owner": session.owner.id,
            "device": session.owner.device,
            "connection": session.connection,
            "process": self.process,
            "began_at": session.began_at,
            "rooms": _dump(session.rooms),
        }

    def claim(self, pid: str, namespace: str, owner: Owner, by: str) -> tuple[Session, str] | None:
        """Give a session to the connection ``by``.

        Returns:
            The session, and the connection that had it before; None when there is none that ``owner`` may go on with.
        """
        c = self._table.c
        with self._begin() as connection:
            mine = (c.pid == pid) & (c.namespace == namespace) & (c.owner == owner.id) & ~self._expired(connection)
            row = connection.execute(select(self._table).where(mine).with_for_update()).one_or_none()
            rooms = None if row is None else _load(row.rooms)
            if row is None or rooms is None:
                return None
            values = {"device": owner.device, "connection": by, "process": self.process, "lost_at": None}
            connection.execute(update(self._table).where(c.pid == pid).values(values))
        session = Session(row.sid, namespace, owner, by, row.began_at, pid, rooms)
        return session, row.connection

    def save(self, session: Session) -> None:
        """Store the rooms and the device of ``session`` as they are now."""
        values = {"rooms": _dump(session.rooms), "device": session.owner.device}
        with self._begin() as connection:
            connection.execute(update(self._table).where(self._are([session])).values(values))

    def set_away(self, connection: str, owner: str, *, away: bool) -> None:
        """Store whether the user of ``connection`` is away from it. Who comes back to its sessions still is."""
        c = self._table.c
        theirs = (c.connection == connection) & (c.owner == owner) & (c.away != away)
        with self._begin() as transaction:
            changed = transaction.execute(update(self._table).where(theirs).values(away=away)).rowcount
        if changed:
            self.on_change([owner])

    def lose(self, sessions: Collection[Session]) -> None:
        """Their connections were lost: from now on the window runs."""
        if sessions:
            with self._begin() as connection:
                connection.execute(update(self._table).where(self._are(sessions)).values(lost_at=now(connection)))

    def end(self, sessions: Collection[Session]) -> None:
        """They are over: nobody can go on with them."""
        if sessions:
            with self._begin() as connection:
                connection.execute(delete(self._table).where(self._are(sessions)))

    def tell_alive(self) -> bool:
        """Say that this process lives; silent for the window, a minute at the least, it has lost its connections.

        Returns:
            Whether it says so in time. If not, others may have swept its sessions.
        """
        c = self._processes.c
        with self._begin() as connection:
            spoke = connection.scalar(
                select(c.seen_at >= ago(connection, self._most_silent)).where(c.id == self.process)
            )
            if spoke is None:
                connection.execute(insert(self._processes).values(id=self.process, seen_at=now(connection)))
            else:
                connection.execute(update(self._processes).where(c.id == self.process).values(seen_at=now(connection)))
        return bool(spoke)

    def sweep(self) -> int:
        """Delete what can't be recovered any more; returns how many sessions that was."""
        c = self._processes.c
        with self._begin() as connection:
            swept = connection.execute(delete(self._table).where(self._expired(connection))).rowcount
            connection.execute(delete(self._processes).where(c.seen_at < ago(connection, 2 * self._most_silent)))
        return swept

    def _expired(self, connection: Connection) -> ColumnElement[bool]:
        """Lost longer ago than the window, or held by a process, not this one, that has been silent for too long."""
        c, p = self._table.c, self._processes.c
        living = select(p.id).where(p.seen_at >= ago(connection, self._most_silent))
        dead = c.process.not_in(living) & (c.process != self.process)
        return case((c.lost_at.is_(None), dead), else_=c.lost_at < ago(connection, self._window))

    def _are(self, sessions: Collection[Session]) -> ColumnElement[bool]:
        c = self._table.c
        return tuple_(c.pid, c.connection).in_([(session.pid, session.connection) for session in sessions])


def _dump(rooms: Memberships) -> str:
    return json.dumps({"entered": rooms.entered, "replays": rooms.replays, "next": rooms.next})


def _load(text: str) -> Memberships | None:
    """None: another version has written it."""
    stored = json.loads(text)
    if not isinstance(stored, dict):
        return None
    return Memberships(stored["entered"], [Replay(*each) for each in stored["replays"]], stored["next"])
