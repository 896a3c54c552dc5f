"""Bounded waits for PostgreSQL, under eventlet: a server that is reached and says nothing costs a request seconds.

libpq's ``connect_timeout`` is not observed where a driver polls, and ``statement_timeout`` is kept by a server that may
be the very one that hangs. So the bound is in the wait itself.
"""

from typing import Any

import psycopg2
from eventlet.hubs import trampoline
from psycopg2 import extensions

CONNECTING = 1.5  # seconds of silence while a connection is made
ANSWERING = 3.0  # seconds of silence behind a statement; both and a full pool's wait are less than 5 s


def bound_waits() -> None:
    """Wait for PostgreSQL without holding up the other greenlets, and not for ever.

    A connection that stays silent is closed, and what was asked of it raises :class:`psycopg2.OperationalError`.
    """
    extensions.set_wait_callback(_wait)


def _wait(connection: Any) -> None:
    seconds = CONNECTING if connection.status == extensions.STATUS_SETUP else ANSWERING
    silence = psycopg2.OperationalError(f"PostgreSQL said nothing for {seconds} s")
    while (state := connection.poll()) != extensions.POLL_OK:
        trampoline(
            connection.fileno(),
            read=state == extensions.POLL_READ,
            write=state == extensions.POLL_WRITE,
            timeout=seconds,
            timeout_exc=silence,
        )
