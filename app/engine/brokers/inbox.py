"""The one order: what reaches a process may be repeated, late or missing; the event table says what was there."""

import logging

from app.engine.brokers import Deliver
from app.engine.envelope import Envelope
from app.engine.history import History

logger = logging.getLogger(__name__)

CHUNK = 500  # events read from the table at a time


class Inbox:
    """Delivers every durable event behind ``seq`` once and in order, however it is brought here.

    An event is visible in the table before it is handed to a broker; so whatever is missing in front of one that came
    is there, and nothing needs to be sent twice.

    Args:
        seq: the newest event that is not to be delivered.
        deliver: where to. When it raises, a durable event is not taken for delivered, and what brought it raises, too;
            one without a number is lost.
        history: the event table.
    """

    def __init__(self, seq: int, deliver: Deliver, history: History) -> None:
        self.seq = seq
        self._deliver = deliver
        self._history = history

    def take(self, envelope: Envelope) -> None:
        """Deliver ``envelope``: behind what is missing in front of it, and not if that was done already."""
        if envelope.seq is None:
            self._deliver_once(envelope)
            return
        if envelope.seq > self.seq + 1:
            self._read_up_to(envelope.seq - 1)
        if envelope.seq > self.seq:
            self._deliver(envelope)
            self.seq = envelope.seq

    def _deliver_once(self, envelope: Envelope) -> None:
        try:
            self._deliver(envelope)
        except Exception:
            logger.exception("%s, which has no number, could not be delivered: it is lost", envelope.event)

    def catch_up(self) -> None:
        """Deliver all that the table holds by now."""
        self._read_up_to(self._history.kept().newest)

    def _read_up_to(self, last: int) -> None:
        while self.seq < last:
            end = min(self.seq + CHUNK, last)
            for envelope in self._history.between(self.seq, end):
                self._deliver(envelope)
                self.seq = envelope.seq or end
            self.seq = end  # what retention has removed meanwhile is nobody's to hear
