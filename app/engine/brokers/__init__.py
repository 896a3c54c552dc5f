"""How envelopes reach the hub of every process."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from app.engine.envelope import Envelope

Deliver = Callable[[Envelope], None]


class Broker(ABC):
    """Carries envelopes to the hub of every process that serves sockets, the publisher's own included.

    Guarantees, for every implementation:
        Envelopes with a ``seq`` reach each hub in the order of ``seq``, each at most once.
        Envelopes without one reach each hub at most once, those of one publisher in its order.
        ``publish`` never calls back into the publisher's transaction and raises nothing that a request must handle.
    """

    @abstractmethod
    def start(self, deliver: Deliver) -> None:
        """Hand every envelope from now on to ``deliver``, one after the other."""

    @abstractmethod
    def publish(self, envelope: Envelope) -> None:
        """Carry ``envelope`` to every hub."""
