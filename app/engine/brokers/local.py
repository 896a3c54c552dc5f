"""The broker of a single process: publishing is delivering."""

from collections import Counter

from app.engine.brokers import Broker, Deliver
from app.engine.brokers.inbox import Inbox
from app.engine.envelope import Envelope
from app.engine.history import History


class LocalBroker(Broker):
    """Hands each envelope straight to this process's hub. Needs no server, keeps nothing.

    Args:
        history: the event table; None where nothing is numbered.
    """

    def __init__(self, history: History | None = None) -> None:
        self.counts = Counter()
        self._history = history
        self._deliver: Deliver | None = None
        self._inbox: Inbox | None = None

    def start(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def follow(self, seq: int) -> None:
        if self._deliver is None:
            raise RuntimeError("The broker was not started: call SocketIO.init_app first.")
        if self._history is not None:
            self._inbox = Inbox(seq, self._deliver, self._history)

    def publish(self, envelope: Envelope) -> None:
        if self._deliver is None:
            raise RuntimeError("The broker was not started: call SocketIO.init_app first.")
        if envelope.seq is not None and self._inbox is not None:
            self._inbox.take(envelope)
        else:
            self._deliver(envelope)

    def catch_up(self) -> None:
        if self._inbox is not None:
            self._inbox.catch_up()

    def answers(self) -> bool:
        return True
