"""The event table: written in the transaction of the change itself (a transactional outbox), numbered by the relay.

The table is the one history. A row without ``seq`` is committed and not yet numbered; the relay numbers rows in the
order of their ``id``, which for transactions that touch a common row is the order of their commits.
"""

import json
from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    text,
)

from app.engine.clock import this_moment
from app.engine.envelope import Envelope

_Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts only a column declared INTEGER


def event_table(metadata: MetaData) -> Table:
    """Declare the event table in ``metadata``, so that the application's migrations create it."""
    return Table(
        "events",
        metadata,
        Column("id", _Key, primary_key=True, autoincrement=True),
        Column("seq", _Key, unique=True, nullable=True),
        Column("event", String(64), nullable=False),
        Column("payload", Text, nullable=False),
        Column("rooms", Text, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("cause", String(64), nullable=False, server_default=""),
        # How often it may leave, and when it did: of events with a pace.
        Column("conflation_key", String(255), nullable=True),
        Column("conflation_window", Float, nullable=True),
        Column("room_ceiling", Integer, nullable=True),
        Column("sent_at", DateTime(timezone=True), nullable=True),
        # What waits for its number. Once many have waited, PostgreSQL walks the whole table else (its statistics):
        # 245 ms a batch were measured with a million events, and 190 ms for each look from then on.
        Index("ix_events_waiting", "id", postgresql_where=text("seq IS NULL"), sqlite_where=text("seq IS NULL")),
        # What left lately, and delays others: nothing else is in it.
        Index(
            "ix_events_sent_at",
            "sent_at",
            postgresql_where=text("sent_at IS NOT NULL"),
            sqlite_where=text("sent_at IS NOT NULL"),
        ),
        sqlite_autoincrement=True,  # else ids start again at 1 once the table was trimmed
    )


def room_table(metadata: MetaData) -> Table:
    """Declare the table that says which numbered events each room has: how history is found by room."""
    return Table(
        "event_rooms",
        metadata,
        Column("room", String(128), primary_key=True),
        Column("seq", _Key, primary_key=True, autoincrement=False, index=True),
    )


class Outbox:
    """The writing side of the event table.

    Args:
        table: from :func:`event_table`.
        rooms: from :func:`room_table`.
    """

    def __init__(self, table: Table, rooms: Table) -> None:
        self.table = table
        self.rooms = rooms
        self.on_commit: Callable[[], None] = lambda: None

    def add(self, connection: Connection, envelope: Envelope, cause: str = "") -> None:
        """Store ``envelope`` in the transaction that ``connection`` is in. It leaves after the commit, or never.

        Args:
            connection: of the transaction.
            envelope: what is to leave.
            cause: what it is published for; see :class:`app.engine.envelope.Trace`.
        """
        row: dict[str, object] = {
            "event": envelope.event,
            "payload": envelope.payload,
            "rooms": json.dumps(envelope.rooms),
            "created_at": this_moment(connection),
            "cause": cause,
        }
        if envelope.pace is not None:
            row |= {
                "conflation_key": envelope.pace.key,
                "conflation_window": envelope.pace.window,
                "room_ceiling": envelope.pace.ceiling,
            }
        connection.execute(insert(self.table).values(row))

    def wake(self) -> None:
        """Tell the relay of this process that a commit returned. Never blocks, never fails."""
        self.on_commit()
