"""Leaving: a process that is told to stop sends its clients to the others, a few at a time."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

from eventlet import sleep

from app.engine.hub import Hub

logger = logging.getLogger(__name__)

SLOWEST = 50  # connections closed in a second, at the least: a few clients are not worth a wait


class Drain:
    """Closes the connections of a Socket.IO server, and lets no new ones in.

    A client whose transport closes comes back by itself, to another process or to the next one here, and recovers; told
    by a DISCONNECT packet it would stay away. All at once would overrun whoever they come back to: so they are spread
    over the window.

    Args:
        server: the :class:`socketio.Server`.
        hub: its client manager.
        seconds: the window.
    """

    GRACE = 5.0
    """Seconds that requests under way have to end after :meth:`run`, before the process does."""

    def __init__(self, server: Any, hub: Hub, seconds: float) -> None:
        self.begun = False
        self._eio = server.eio
        self._hub = hub
        self._seconds = seconds
        self._handle_request = server.eio.handle_request
        server.eio.handle_request = self._handle_unless_new

    def run(self) -> None:
        """Close every connection within the window; returns after the last."""
        self.begun = True
        closes = self._closes()
        pause = min(self._seconds / len(closes), 1 / SLOWEST) if closes else 0
        logger.info("closing %d connections within %.1f s", len(closes), pause * len(closes))
        began = monotonic()
        for number, close in enumerate(closes):
            sleep(max(0, began + number * pause - monotonic()))
            close()
        for close in self._closes():  # those that were on their way in when it began
            close()

    def _closes(self) -> list[Callable[[], None]]:
        transports = [partial(self._close, sid) for sid in self._eio.sockets]
        return [*transports, *(stream.close for stream in self._hub.streams())]

    def _close(self, sid: str) -> None:
        socket = self._eio.sockets.get(sid)
        if socket is None:
            return
        try:
            socket.close(reason=self._eio.reason.TRANSPORT_CLOSE)
        except Exception:
            logger.exception("a transport could not be closed; the end of the process will")

    def _handle_unless_new(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        (sid,) = parse_qs(environ.get("QUERY_STRING", "")).get("sid", [""])[:1]
        if self.begun and not self._eio.knows(sid):  # a proxy tries the next process on 503
            start_response("503 Service Unavailable", [("Content-Length", "0"), ("Retry-After", "1")])
            return [b""]
        answer: Iterable[bytes] = self._handle_request(environ, start_response)
        return answer
