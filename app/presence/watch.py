"""The watch: takes note of who comes and goes, and some moments later settles all of them at once.

A connect and a disconnect only leave a note, so nothing of theirs can fail or wait because of presence; and thousands
of them at a time are a few transactions. What nobody noted (a process that crashed, one that was cut off for a while)
is found by looking for it.
"""

import logging
from collections.abc import Collection
from functools import partial
from math import inf
from time import monotonic

from eventlet import Timeout, sleep
from eventlet.event import Event
from flask import Flask

from app.core import json
from app.engine import Envelope
from app.events.presence import AnnouncePresence, PresenceChanged
from app.extensions import socketio
from app.presence import queries, service

logger = logging.getLogger(__name__)

GATHER = 0.2  # seconds from the first note until they are settled, with those that came meanwhile
BATCH = 100  # users in one transaction
LOOK = 5.0  # seconds between two looks for what nobody noted
AWAY = 2 * LOOK  # seconds between two looks of a process that was held up
AFTER_AN_OUTAGE = 10.0  # seconds in which the other processes say that they live


class Watch:
    """Works in the background of a process that serves sockets.

    While the database is away the notes are kept. After that, the other processes first have to say that they live: all
    of their users would be offline else.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._noted: set[str] = set()
        self._deserted: set[str] = set()  # those of them whom nothing but a look has found
        self._woken = Event()
        self._looked_at = -inf
        with app.app_context():
            self._grace = service.grace().total_seconds()

    def note(self, user_ids: Collection[str]) -> None:
        """Something may have changed for ``user_ids``. Never blocks, never fails."""
        self._deserted.difference_update(user_ids)
        self._noted.update(user_ids)
        if not self._woken.ready():
            self._woken.send()

    def run(self) -> None:
        """Settle what is noted, and look for what is not, for as long as the process lives.

        The first look comes after the grace: who was connected to a process before this one is on the way back.
        """
        next_look = monotonic() + self._grace
        while True:
            with Timeout(max(0, next_look - monotonic()), False):
                self._woken.wait()
            self._woken = Event()
            sleep(GATHER)
            while (outage := AFTER_AN_OUTAGE - socketio.recovery.upkeep.steady_for) > 0:
                sleep(outage)
            try:
                if monotonic() >= next_look:
                    self.look()
                    next_look = monotonic() + LOOK
                self.settle()
            except Exception:
                logger.exception(
                    "presence can't be settled of %d users; the next try is in %s s", len(self._noted), LOOK
                )
                sleep(LOOK)

    def look(self) -> None:
        """Note those of whom something else was told than what is so.

        That reads a lot (0.2 s for 20,000 who are connected), so only where it can be: another process died, or this
        one is new, or was held up for so long that the others may have taken it for dead.
        """
        was_away = monotonic() - self._looked_at > AWAY
        if was_away or socketio.presence.misses_a_process():
            with self._app.app_context():
                strays = queries.strays(service.grace()) - self._noted
            self.note(strays)
            self._deserted |= strays
        self._looked_at = monotonic()

    def settle(self) -> None:
        """Settle all who are noted by now."""
        noted = sorted(self._noted)
        for first in range(0, len(noted), BATCH):
            self._settle(noted[first : first + BATCH])
            sleep()

    def _settle(self, user_ids: list[str]) -> None:
        deserted = self._deserted.intersection(user_ids)
        self._noted.difference_update(user_ids)  # first: who is noted meanwhile is settled once more
        self._deserted -= deserted
        try:
            with self._app.app_context():
                absent = service.settle(user_ids, deserted)
        except BaseException:
            self._deserted |= deserted - self._noted
            self._noted.update(user_ids)
            raise
        if absent:
            socketio.call_later(self._grace, partial(self.note, absent))


def register_presence(app: Flask) -> None:
    """Let the sockets' comings and goings be noted, and what comes of them be heard."""
    watch = app.extensions["presence"] = Watch(app)
    socketio.sessions.on_change = watch.note
    socketio.in_background(watch.run)

    @socketio.control(AnnouncePresence.name, barrier=AnnouncePresence.barrier)
    def announce(envelope: Envelope) -> None:
        announced = json.loads(envelope.payload) | {"heardIn": envelope.rooms}
        socketio.deliver_here(PresenceChanged.model_validate_json(json.dumps(announced)).envelope())
