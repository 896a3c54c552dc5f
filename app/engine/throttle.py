"""Ephemeral events with a pace: what comes too soon waits for its turn, and the newest of its key takes its place.

It stands in front of a process's own sockets, so that none of them hears more than the ceiling. What waits is lost
with the process, as all that is ephemeral is; else the newest of each key is always sent, so that no client is left
with a state that is over.
"""

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Protocol

from eventlet import sleep

from app.engine.envelope import Envelope
from app.engine.pace import Sent

AT_ONCE = 200  # that are looked at in one turn: 1 ms


class Timer(Protocol):
    """Something that will happen, unless it is cancelled."""

    def cancel(self) -> None: ...


class Throttle:
    """Publishes at once what may leave, and all else, newest by key, as soon as it may.

    Args:
        publish: where what leaves goes to. It may take a while, in which more is published here.
        call_later: calls a function in so many seconds.
        size: how many are in a room here.
        now: the time, of a clock that never goes back.
    """

    def __init__(
        self,
        publish: Callable[[Envelope], None],
        call_later: Callable[[float, Callable[[], None]], Timer],
        size: Callable[[str], int],
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._publish = publish
        self._call_later = call_later
        self._now = now
        self._sent = Sent(size)
        self._waiting: dict[str, Envelope] = {}  # who came first is first; who takes its place, takes its turn
        self._due: float | None = None
        self._timer: Timer | None = None

    def publish(self, envelope: Envelope) -> None:
        """Let ``envelope`` leave, now or later; it supersedes what waits of its key.

        What waits goes to all of its rooms, or else leaves now: who hears no more would be left with what is older yet.
        """
        if envelope.pace is None:
            self._publish(envelope)
            return
        key = envelope.pace.key
        older = self._waiting.get(key)
        self._waiting[key] = envelope
        if older is not None and not set(envelope.rooms).issuperset(older.rooms):
            self._send(older)
        if self._waiting.get(key) is not envelope:
            return  # while the older one left, it did, too, or was superseded
        free_at = self._sent.is_free_at(envelope)
        if free_at > self._now():
            self._flush_at(free_at)
        else:
            del self._waiting[key]
            self._send(envelope)

    def _send(self, envelope: Envelope) -> None:
        self._sent.note(envelope, self._now())
        self._publish(envelope)

    def _flush_at(self, due: float) -> None:
        if self._due is not None and self._due <= due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = self._call_later(max(0.0, due - self._now()), self._flush)

    def _flush(self) -> None:
        """Let all leave that may: one by one, so that what is newer of one is not sent in front of it meanwhile.

        Each is looked at once, a few at a turn: thousands wait where a large team comes back at once.
        """
        self._due = self._timer = None
        next_due = inf
        try:
            for number, key in enumerate(list(self._waiting), 1):
                envelope = self._waiting.get(key)
                if envelope is not None:
                    next_due = min(next_due, self._send_if_free(key, envelope))
                if number % AT_ONCE == 0:
                    sleep()
        finally:
            if self._waiting:
                self._flush_at(next_due if next_due < inf else self._now())

    def _send_if_free(self, key: str, envelope: Envelope) -> float:
        """When it may leave; if that is now, it does."""
        free_at = self._sent.is_free_at(envelope)
        if free_at > self._now():
            return free_at
        del self._waiting[key]
        self._send(envelope)
        return inf
