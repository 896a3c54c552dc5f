"""Commit, then publish: a change and the events that tell of it stand or fall together."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy.exc import IntegrityError

from app.core.cause import current_cause
from app.core.database import writing
from app.core.errors import Conflict
from app.events.base import DomainEvent, Event, Published
from app.events.subscriptions import subscribers_of
from app.extensions import db, socketio


class Transaction:
    """What a service verb has in hand between the first change and the commit."""

    def __init__(self) -> None:
        self.published = 0

    def publish(self, event: DomainEvent) -> None:
        """Say that ``event`` happened.

        One that is carried to sockets (a :class:`~app.events.base.Published`) is stored in this transaction, its
        payload as it is now, and emitted after the commit, in the order of the calls; after a roll-back nothing is
        emitted. Features that subscribed to its class run at once, in this transaction.

        Raises:
            TypeError: it is an ephemeral event, which must not be stored.
        """
        db.session.flush()  # takes the row locks first, so that the order of ids is that of the commits
        if isinstance(event, Event) and not event.durable:
            raise TypeError(f"{event.name} is ephemeral: it is published by socketio.publish, and not stored")
        if isinstance(event, Published):
            socketio.outbox.add(db.session.connection(), event.envelope(), current_cause())
            self.published += 1
        for react in subscribers_of(type(event)):
            react(self, event)


_current: ContextVar[Transaction | None] = ContextVar("transaction", default=None)


@contextmanager
def transaction() -> Iterator[Transaction]:
    """A unit of change. The outermost block commits; a block inside another joins it.

    Raises:
        Conflict: a unique key or a reference did not hold at the commit; nothing was changed.
        Unavailable: the database can't be written to now; nothing was changed.
    """
    outer = _current.get()
    if outer is not None:
        yield outer
        db.session.flush()  # ids and defaults are there, as they are after a commit
        return
    tx = Transaction()
    token = _current.set(tx)
    try:
        with writing(db.session()):
            yield tx
            db.session.commit()
    except IntegrityError as error:
        raise Conflict("Something with this key exists already, or what it refers to is gone.") from error
    finally:
        _current.reset(token)
    if tx.published:
        socketio.outbox.wake()
