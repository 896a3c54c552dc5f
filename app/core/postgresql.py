"""Bounded waits for PostgreSQL, under eventlet: a server that is reached and says nothing costs a request seconds.

libpq's ``connect_timeout`` is not observed where a driver polls, and ``statement_timeout`` is kept by a server that may
be the very one that hangs. So there is a bound in the wait itself, too.
"""

from typing import Any

import psycopg2
from eventlet.hubs import trampoline
from psycopg2 import extensions

# A request is refused within 5 s: 1 for a full pool, then a connection that turns out to be dead, then a new one.
CONNECTING = 1.5  # seconds of silence while a connection is made
ANSWERING = 2.5  # seconds of silence behind a statement
STATEMENT_MS = 2400  # the server gives up before we do: else what waits for a lock would go on waiting there


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
