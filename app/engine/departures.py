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


def end_when_silent(connection: Any, seconds: float) -> None:
    """End ``connection`` once its client has taken nothing of what was sent for so long: it vanished, or is frozen.

    Linux would send again for a quarter of an hour (``TCP_USER_TIMEOUT`` and ``tcp_retries2`` in tcp(7)). Other systems
    have no such option.
    """
    if hasattr(blocking, "TCP_USER_TIMEOUT") and connection.family in (blocking.AF_INET, blocking.AF_INET6):
        connection.setsockopt(blocking.IPPROTO_TCP, blocking.TCP_USER_TIMEOUT, int(seconds * 1000))


def _has_gone(connection: Any) -> bool:
    try:
        with blocking.socket(fileno=os.dup(connection.fileno())) as twin:  # beneath TLS
            return not twin.recv(1, blocking.MSG_PEEK | blocking.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
