"""The broker of a single process: publishing is delivering."""

from app.engine.brokers import Broker, Deliver
from app.engine.envelope import Envelope


class LocalBroker(Broker):
    """Hands each envelope straight to this process's hub. Needs no server, keeps nothing."""

    def __init__(self) -> None:
        self._deliver: Deliver | None = None
        self._seq = 0

    def start(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def follow(self, seq: int) -> None:
        self._seq = seq

    def publish(self, envelope: Envelope) -> None:
        if self._deliver is None:
            raise RuntimeError("The broker was not started: call SocketIO.init_app first.")
        if envelope.seq is None:
            self._deliver(envelope)
        elif envelope.seq > self._seq:
            self._deliver(envelope)
            self._seq = envelope.seq

    def answers(self) -> bool:
        return True
