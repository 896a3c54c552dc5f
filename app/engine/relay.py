"""From the event table to the broker: numbers what was committed and hands it on, in order."""

import json
import logging
from collections import deque
from collections.abc import Callable, Collection
from time import monotonic, time
from typing import Any

from eventlet import Timeout, sleep, spawn
from eventlet.event import Event
from sqlalchemy import Connection, Select, Table, bindparam, func, insert, select, text, update

from app.engine.begin import Begin
from app.engine.brokers import Broker
from app.engine.clock import unix
from app.engine.envelope import Envelope, Trace
from app.engine.outbox import Outbox
from app.engine.pacer import Pacer, Rows

logger = logging.getLogger(__name__)

POLL = 1.0  # seconds between looks for rows that another process (the CLI) committed
RETRY = 1.0  # seconds between tries while the database is away
BATCH = 500  # rows numbered in one transaction
LOCK = 0x6F7574626F78  # "outbox": the key of PostgreSQL's advisory lock, which is one of this database
MOST_IDLE = 5.0  # seconds that a process which was stopped in its turn keeps the others from theirs


class Relay:
    """Numbers the committed rows of the event table and publishes them.

    ``seq`` has no holes, is written before delivery, and never goes back: what a crash left without a number is
    numbered at the next start, and what it left numbered is history that clients can ask for.

    Every process that serves sockets has a relay, and one at a time numbers: on PostgreSQL they take turns by a lock
    that is held for one short transaction. None leads, so none has to notice that a leader died. A relay numbers what
    its own process committed at once, and what one without a relay (the CLI) committed within a second.

    What has a pace (:class:`~app.engine.pace.Pace`) may be held, without a number, or be superseded while it is, and
    deleted. The next relay that looks, of whatever process, numbers what a crash left so.

    Args:
        outbox: what is committed.
        read: opens a transaction that only reads.
        begin: opens one that may write.
        broker: where numbered events go.
        passing: the control messages that let what is held stay held, by name; all others are barriers.
    """

    def __init__(
        self, outbox: Outbox, read: Begin, begin: Begin, broker: Broker, passing: Collection[str] = frozenset()
    ) -> None:
        self._table = outbox.table
        self._rooms = outbox.rooms
        self._read = read
        self._begin = begin
        self._broker = broker
        self._woken = Event()
        self._numbered: deque[Envelope] = deque()
        self._pacer = Pacer(outbox.table, passing)
        self._waiting = _waiting(outbox.table)  # made once: that took a third of a turn for one event
        outbox.on_commit = self.wake

    def newest(self) -> int:
        """The highest ``seq`` given so far; 0 before the first."""
        with self._read() as connection:
            return connection.scalar(select(func.max(self._table.c.seq))) or 0

    def start(self, begin_at: Callable[[int], None]) -> None:
        """Relay in the background for as long as the process lives; a database that is away delays it.

        Args:
            begin_at: is told the ``seq`` of the newest numbered event, before the first delivery.
        """
        spawn(self._run, begin_at)

    def wake(self) -> None:
        if not self._woken.ready():
            self._woken.send()

    def drain(self) -> int:
        """Number and publish all that is committed by now and not held; returns how many rows that was."""
        total, more = self._hand_on(), True
        while more:
            more = self._number()
            total += self._hand_on()
        return total

    def _hand_on(self) -> int:
        count = 0
        while self._numbered:
            self._broker.publish(self._numbered[0])  # on an error it stays first, and is tried again
            self._numbered.popleft()
            count += 1
        return count

    def _run(self, begin_at: Callable[[int], None]) -> None:
        self._insist(lambda: begin_at(self.newest()))
        step: Callable[[], object] = self.drain
        while True:
            self._insist(step)
            due = self._pacer.due
            with Timeout(POLL if due is None else min(POLL, max(0.0, due - monotonic())), False):
                self._woken.wait()
            is_due = due is not None and due <= monotonic()
            step = self.drain if self._woken.ready() or is_due else self._look
            self._woken = Event()

    def _insist(self, step: Callable[[], object]) -> None:
        """Take ``step`` until it succeeds."""
        while True:
            try:
                step()
            except Exception:
                logger.exception("the relay tries again in %s s", RETRY)
            else:
                return
            sleep(RETRY)

    def _look(self) -> None:
        """Deliver what nobody told of: rows of a process without a relay, and those whose COMMIT broke off behind its
        success. Only reads, unless there is something: a write transaction each second would keep others from theirs.
        """
        id, seq = self._table.c.id, self._table.c.seq
        with self._read() as connection:
            behind = connection.scalar(select(id).where(seq.is_(None)).order_by(id).limit(1)) is not None
        if behind or self._numbered:
            self.drain()
        self._broker.catch_up()

    def _number(self) -> bool:
        """Number one batch; returns whether more may wait behind it."""
        try:
            with self._begin() as connection:
                _take_turn(connection)
                most = BATCH + len(self._pacer.held)
                rows = connection.execute(self._waiting, {"most": most}).all()
                leaving = self._pacer.choose(connection, rows)
                envelopes = self._give_numbers(connection, leaving) if leaving else []
        except BaseException:
            self._pacer.forget()
            raise
        self._numbered.extend(envelopes)
        return len(rows) == most

    def _give_numbers(self, connection: Connection, rows: Rows) -> list[Envelope]:
        first = rows[0].newest + 1
        numbers = [{"row": row.id, "number": first + i} for i, row in enumerate(rows)]
        numbered = update(self._table).where(self._table.c.id == bindparam("row")).values(seq=bindparam("number"))
        connection.execute(numbered, numbers)
        now = time()
        envelopes = [
            Envelope(
                row.event,
                row.payload,
                tuple(json.loads(row.rooms)),
                seq=first + i,
                trace=Trace(row.cause, unix(row.created_at), now),
            )
            for i, row in enumerate(rows)
        ]
        index = [{"room": room, "seq": e.seq} for e in envelopes if not e.is_control for room in e.rooms]
        if index:
            connection.execute(insert(self._rooms), index)
        return envelopes


def _waiting(table: Table) -> Select[Any]:
    """The first rows that have no number, ``most`` of them, each with the newest number that was given."""
    t = table.c
    newest = select(func.coalesce(func.max(t.seq), 0)).scalar_subquery().label("newest")
    pace = (t.conflation_key, t.conflation_window, t.room_ceiling)
    row = (t.id, t.event, t.payload, t.rooms, t.created_at, t.cause)
    waiting = select(*row, *pace, newest).where(t.seq.is_(None))
    return waiting.order_by(t.id).limit(bindparam("most"))


def _take_turn(connection: Connection) -> None:
    """Wait until no other relay is numbering; the next statement sees all that they numbered.

    SQLite has one writer at a time anyway. On PostgreSQL the lock ends with the transaction, however that ends.
    """
    if connection.dialect.name == "postgresql":
        turn = text(
            "SELECT set_config('idle_in_transaction_session_timeout', :most_idle, true), pg_advisory_xact_lock(:lock)"
        )
        connection.execute(turn, {"most_idle": str(int(MOST_IDLE * 1000)), "lock": LOCK})
