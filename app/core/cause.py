"""What is being done, by its id: of a request, a socket's command, a command of the command line.

It is in every line of the log that comes of it, is stored with the events that it publishes, and goes with them to the
process that delivers them. So one id finds all that came of one request.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from app.core.ids import new_id

GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")  # what is taken over from a proxy, and fits the event table

_current: ContextVar[str] = ContextVar("cause", default="")


def current_cause() -> str:
    """The id of what is being done; empty outside of it all: in the background of a process."""
    return _current.get()


@contextmanager
def caused(by: str | None = None) -> Iterator[str]:
    """What is done inside the block is done for ``by``, or for something new."""
    cause = by or new_id()
    token = _current.set(cause)
    try:
        yield cause
    finally:
        _current.reset(token)


def begin(cause: str) -> None:
    """What this greenlet does from now on is done for ``cause``, until the next :func:`begin`; empty: for nothing."""
    _current.set(cause)
