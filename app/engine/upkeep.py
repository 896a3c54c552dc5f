"""What keeps the store of sessions true: signs of life, sessions that are let go, and the removal of what is over."""

import logging
from collections.abc import Callable
from time import monotonic

from eventlet import sleep, spawn_n

from app.engine.history import History
from app.engine.sessions import Session, Sessions

logger = logging.getLogger(__name__)

SIGN_OF_LIFE = 5.0  # seconds between two
CLEANING = 60.0  # seconds between two
BATCH = 500  # sessions in one transaction


class Upkeep:
    """Works in the background of a process that serves sockets.

    Attributes:
        stores: whether the newest sign of life could be stored: five seconds old at the most, unless one is under way.

    Args:
        sessions: the store.
        history: the past, which is trimmed.
        restore: stores again those sessions of this process that others have swept.
    """

    def __init__(self, sessions: Sessions, history: History, restore: Callable[[], None]) -> None:
        self._sessions = sessions
        self._history = history
        self._restore = restore
        self._left: list[tuple[Session, bool]] = []
        self._letting_go = False
        self._failed_at = -CLEANING
        self.stores = True

    @property
    def steady_for(self) -> float:
        """The seconds since a sign of life could not be stored. Right after that other processes seem dead, too."""
        return monotonic() - self._failed_at

    def start(self) -> None:
        """Give signs of life, and clean up, for as long as the process lives."""
        spawn_n(self._live)
        spawn_n(self._clean)

    def let_go(self, session: Session, *, for_good: bool) -> None:
        """Store, soon, that the connection of ``session`` is gone: it waits for its client, or is over.

        All that leave at once share their transactions, and what can't be stored now is stored later: a session that
        nobody let go would be online for as long as the process lives.
        """
        self._left.append((session, for_good))
        if not self._letting_go:
            self._letting_go = True
            spawn_n(self._let_go_all)

    def _let_go_all(self) -> None:
        while batch := self._left[:BATCH]:
            try:
                self._sessions.lose([session for session, for_good in batch if not for_good])
                self._sessions.end([session for session, for_good in batch if for_good])
            except Exception:
                logger.exception("%d sessions can't be let go; the next try is in %s s", len(self._left), SIGN_OF_LIFE)
                sleep(SIGN_OF_LIFE)
            else:
                del self._left[: len(batch)]
                self._sessions.on_change({session.owner.id for session, _ in batch})
        self._letting_go = False

    def _live(self) -> None:
        in_doubt = False  # whether others may hold this process for dead
        while True:
            try:
                in_doubt |= not self._sessions.tell_alive()
                if in_doubt:
                    self._restore()
                in_doubt = False
                self.stores = True
            except Exception:
                self.stores, in_doubt = False, True  # what failed may have been stored, and so in time
                self._failed_at = monotonic()
                logger.exception("no sign of life could be given; the next try is in %s s", SIGN_OF_LIFE)
            sleep(SIGN_OF_LIFE)

    def _clean(self) -> None:
        """Remove what is over. Not right after an outage: the other processes have to say first that they live."""
        while True:
            sleep(CLEANING)
            if self.steady_for < CLEANING:
                continue
            try:
                self._sessions.sweep()
                self._history.trim()
            except Exception:
                logger.exception("what is over could not be removed; the next try is in %s s", CLEANING)
