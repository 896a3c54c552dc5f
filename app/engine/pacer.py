"""Conflation where it meets the event table: what the relay numbers in its turn, and what it deletes or leaves."""

import json
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, delete, select, update

from app.engine.clock import ago, this_moment
from app.engine.conflation import Conflation, Waiting
from app.engine.pace import MOST_WINDOW, Pace

Rows = Sequence[Row[Any]]


class Pacer:
    """Chooses what leaves, in the transaction in which it is numbered.

    When events of a key and in a room were sent last, every process must know, whichever sent them. What this one sent
    it remembers; what others numbered since, it reads from the table before it decides. All processes go by the
    database's clock there, and by their own, which never jumps, from then on: a wall clock that jumps holds nothing
    back for longer than the window.

    Attributes:
        held: how many rows were left to wait in the last turn.
        due: when the first of them may leave, by ``time.monotonic()``; None when there is none.

    Args:
        table: from :func:`app.engine.outbox.event_table`.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self.forget()

    def forget(self) -> None:
        """Forget everything: the last turn was not committed, or nobody knows whether it was. The table knows all."""
        self._conflation = Conflation()
        self._known: int | None = None  # up to this number it is remembered what was sent
        self.held = 0
        self.due: float | None = None

    def choose(self, connection: Connection, rows: Rows) -> Rows:
        """Those of ``rows`` that leave now, in order; what they supersede is deleted.

        Args:
            connection: in the relay's turn.
            rows: what waits, in the order of the commits, each with the ``newest`` number that was given.
        """
        self.held, self.due = 0, None
        if all(row.conflation_key is None for row in rows):
            return rows
        newest: int = rows[0].newest
        self._learn(connection, newest)
        decision = self._conflation.decide([_waiting(row) for row in rows], monotonic())
        self.held, self.due = len(decision.held), decision.due
        self._known = newest + len(decision.leaving)
        if decision.superseded:
            superseded = [each.id for each in decision.superseded]
            connection.execute(delete(self._table).where(self._table.c.id.in_(superseded)))
        if paced := [each.id for each in decision.leaving if each.pace is not None]:
            sent = update(self._table).where(self._table.c.id.in_(paced))
            connection.execute(sent.values(sent_at=this_moment(connection)))
        by_id = {row.id: row for row in rows}
        return [by_id[each.id] for each in decision.leaving]

    def _learn(self, connection: Connection, newest: int) -> None:
        """Learn what others sent lately."""
        if self._known == newest:
            return
        now = monotonic()
        for row in connection.execute(self._sent_since(connection)):
            age: timedelta = row.now - row.sent_at
            if age >= timedelta(0):  # else the clock was set back, and how old it is nobody knows
                self._conflation.sent.note(_waiting(row), now - age.total_seconds())

    def _sent_since(self, connection: Connection) -> Select[Any]:
        c = self._table.c
        pace = (c.conflation_key, c.conflation_window, c.room_ceiling)
        sent = select(c.id, c.event, c.rooms, *pace, c.sent_at, this_moment(connection).label("now")).order_by(c.seq)
        lately = c.sent_at > ago(connection, timedelta(seconds=MOST_WINDOW))
        return sent.where(lately, c.seq > (self._known or 0))


def _waiting(row: Row[Any]) -> Waiting:
    paced = row.conflation_key is not None
    pace = Pace(row.conflation_key, row.conflation_window, row.room_ceiling) if paced else None
    return Waiting(row.id, row.event, tuple(json.loads(row.rooms)), pace)
