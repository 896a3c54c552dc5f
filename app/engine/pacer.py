"""Conflation where it meets the event table: what the relay numbers in its turn, and what it deletes or leaves."""

import json
from collections.abc import Collection, Sequence
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
        held: what was left to wait in the last turn, by the ids of the rows.
        due: when the first of them may leave, by ``time.monotonic()``; None when there is none.

    Args:
        table: from :func:`app.engine.outbox.event_table`.
        passing: the control messages that are no barriers, by name.
    """

    def __init__(self, table: Table, passing: Collection[str]) -> None:
        self._table = table
        self._passing = passing
        self.forget()

    def forget(self) -> None:
        """Forget everything: the last turn was not committed, or nobody knows whether it was. The table knows all."""
        self._conflation = Conflation()
        self._known: int | None = None  # up to this number it is remembered what was sent
        self._hold([], None)

    def choose(self, connection: Connection, rows: Rows) -> Rows:
        """Those of ``rows`` that leave now, in order; what they supersede is deleted.

        Args:
            connection: in the relay's turn.
            rows: what waits, in the order of the commits, each with the ``newest`` number that was given.
        """
        fresh = [row for row in rows if row.id not in self.held]
        if len(rows) - len(fresh) == len(self.held) and self._may_pass(fresh):
            return fresh
        if all(row.conflation_key is None for row in rows):
            self._hold([], None)
            return rows
        newest: int = rows[0].newest
        self._learn(connection, newest)
        decision = self._conflation.decide([self._waiting(row) for row in rows], monotonic())
        self._hold(decision.held, decision.due)
        self._known = newest + len(decision.leaving)
        if decision.superseded:
            superseded = [each.id for each in decision.superseded]
            connection.execute(delete(self._table).where(self._table.c.id.in_(superseded)))
        if paced := [each.id for each in decision.leaving if each.pace is not None]:
            sent = update(self._table).where(self._table.c.id.in_(paced))
            connection.execute(sent.values(sent_at=this_moment(connection)))
        by_id = {row.id: row for row in rows}
        return [by_id[each.id] for each in decision.leaving]

    def _hold(self, held: Sequence[Waiting], due: float | None) -> None:
        self.held = {each.id: each for each in held}
        self._held_rooms = {room for each in held for room in each.rooms}
        self.due = due

    def _may_pass(self, rows: Rows) -> bool:
        """Whether ``rows`` leave, and what is held stays held: to decide on it anew takes longer than to read it."""
        if (self.due is not None and self.due <= monotonic()) or any(row.conflation_key is not None for row in rows):
            return False
        waiting = map(self._waiting, rows) if self.held else ()
        return not any(each.is_barrier or not self._held_rooms.isdisjoint(each.rooms) for each in waiting)

    def _learn(self, connection: Connection, newest: int) -> None:
        """Learn what others sent lately."""
        if self._known == newest:
            return
        now = monotonic()
        for row in connection.execute(self._sent_since(connection)):
            age: timedelta = row.now - row.sent_at
            if age >= timedelta(0):  # else the clock was set back, and how old it is nobody knows
                self._conflation.note(self._waiting(row), now - age.total_seconds())

    def _sent_since(self, connection: Connection) -> Select[Any]:
        c = self._table.c
        pace = (c.conflation_key, c.conflation_window, c.room_ceiling)
        sent = select(c.id, c.event, c.rooms, *pace, c.sent_at, this_moment(connection).label("now")).order_by(c.seq)
        lately = c.sent_at > ago(connection, timedelta(seconds=MOST_WINDOW))
        return sent.where(lately, c.seq > (self._known or 0))

    def _waiting(self, row: Row[Any]) -> Waiting:
        if row.id in self.held:
            return self.held[row.id]
        if row.event.startswith("@"):
            return Waiting(row.id, row.event, (), None, is_barrier=row.event not in self._passing)
        paced = row.conflation_key is not None
        pace = Pace(row.conflation_key, row.conflation_window, row.room_ceiling) if paced else None
        return Waiting(row.id, row.event, tuple(json.loads(row.rooms)), pace)
