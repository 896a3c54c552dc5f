"""Streams: sockets without a Socket.IO client, for Server-Sent Events and whatever else reads in this process."""

from collections.abc import Iterator
from typing import NamedTuple

from eventlet.queue import Empty, LightQueue

BACKLOG = 1000  # events that wait for a slow reader; with one more the stream ends, and the reader comes back


class Heard(NamedTuple):
    """One event, as a socket hears it: the payload is JSON text."""

    event: str
    payload: str
    offset: str


class Stream:
    """What the hub writes to instead of a transport.

    Iterating yields each event, and None whenever none came for ``idle`` seconds; it ends when the stream is closed.
    """

    def __init__(self, idle: float) -> None:
        self._idle = idle
        self._queue: LightQueue = LightQueue()
        self._closed = False

    def write(self, heard: Heard) -> None:
        """Take one event; never blocks."""
        if self._queue.qsize() >= BACKLOG:
            self.close()
        elif not self._closed:
            self._queue.put(heard)

    def close(self) -> None:
        """End the stream behind what was written so far."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)

    def __iter__(self) -> Iterator[Heard | None]:
        while True:
            try:
                heard = self._queue.get(timeout=self._idle)
            except Empty:
                yield None
                continue
            if heard is None:
                return
            yield heard
