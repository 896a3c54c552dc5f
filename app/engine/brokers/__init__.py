"""How envelopes reach the hub of every process."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable

from app.engine.envelope import Envelope

Deliver = Callable[[Envelope], None]


class Broker(ABC):
    """Carries envelopes to the hub of every process that serves sockets, the publisher's own included.

    Guarantees, for every implementation:
        Envelopes with a ``seq`` reach each hub in the order of ``seq``, each once, unless the hub raises: then again.
        Envelopes without one reach each hub at most once, those of one publisher in its order.
        ``publish`` never calls back into the publisher's transaction and raises nothing that a request must handle.

    Attributes:
        counts: what went wrong, by its name, as often as it did since the process began.
    """

    counts: Counter[str]

    @abstractmethod
    def start(self, deliver: Deliver) -> None:
        """Say where envelopes go that reach this process. Call it before all else."""

    @abstractmethod
    def follow(self, seq: int) -> None:
        """Begin to hear the other processes, in a process that serves sockets.

        Args:
            seq: the newest event that was numbered by now: what comes behind it is delivered.
        """

    @abstractmethod
    def publish(self, envelope: Envelope) -> None:
        """Carry ``envelope`` to every hub."""

    @abstractmethod
    def catch_up(self) -> None:
        """Deliver what is numbered by now and was not published. The relay calls it when a second passed in silence."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether envelopes reach the other processes without a detour, asked now; within about a second."""
