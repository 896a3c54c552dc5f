"""What is being done, by its id: of a request, a socket's command, a command of the command line; and who types those.

It is in every line of the log that comes of it, is stored with the events that it publishes, and goes with them to the
process that delivers them. So one id finds all that came of one request.
"""

import os
import pwd
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from app.core.ids import new_id

GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")  # what is taken over from a proxy, and fits the event table
LONGEST_OPERATOR = 36  # characters, as of the ids of users

_current: ContextVar[str] = ContextVar("cause", default="")
_operator: ContextVar[str | None] = ContextVar("operator", default=None)


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


def current_operator() -> str | None:
    """Who acts at the command line, as ``cli:`` and the name of their account on the machine; None anywhere else."""
    return _operator.get()


@contextmanager
def operated() -> Iterator[None]:
    """What is done inside the block is done by who runs this process, and caused by something new."""
    token = _operator.set(f"cli:{_account()}"[:LONGEST_OPERATOR])
    try:
        with caused():
            yield
    finally:
        _operator.reset(token)


def _account() -> str:
    """By the kernel: the environment may say anything. In a container an account may have no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
