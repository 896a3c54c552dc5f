"""When the reader of a long answer has gone, while there is nothing to write to it."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import eventlet
from eventlet import hubs, patcher

blocking = patcher.original("socket")


def on_departure(connection: Any, call: Callable[[], None]) -> Callable[[], None]:
    """Call ``call`` once the other side of ``connection`` has closed it, or at the least what it sends over it.

    Nothing is read: what the client sends ahead is left to who serves its next request, and ends the watch.

    Args:
        connection: a green socket that nobody reads meanwhile, with TLS or without.

    Returns:
        What ends the watch; to be called before the connection is read again.
    """

    def watch() -> None:
        with suppress(hubs.IOClosed):
            hubs.trampoline(connection, read=True)
            if _has_gone(connection):
                call()

    watching = eventlet.spawn(watch)

    def stop() -> None:
        watching.kill()

    return stop


def _has_gone(connection: Any) -> bool:
    with blocking.socket(fileno=os.dup(connection.fileno())) as twin:  # beneath TLS
        try:
            return not twin.recv(1, blocking.MSG_PEEK | blocking.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
