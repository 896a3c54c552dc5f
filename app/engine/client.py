"""A client of this process in one namespace, from the moment when it begins to connect."""

from dataclasses import dataclass, field

from eventlet.semaphore import Semaphore
from socketio.exceptions import ConnectionRefusedError

from app.engine.envelope import Envelope
from app.engine.offsets import Offset
from app.engine.sessions import Session


@dataclass
class Client:
    """A client in one namespace.

    Attributes:
        heard: where it stood when it connected.
        recovered: whether it goes on with a session that it had.
        recoverable: whether its session waits for it: not, if it wants no offsets, or keeps its place itself.
        stored: whether its session is in the store.
        live: whether its connection was accepted.
        refused: why it was not, if it was ended while it connected.
        told: whether its CONNECT was sent, and with it the way back to a refusal is gone.
        given: the rooms that the application put it into as it connected.
        replay: what it is to hear at the next :meth:`Recovery.flush`, each with the offset to go with it.
    """

    session: Session
    heard: Offset
    recovered: bool = False
    recoverable: bool = True
    stored: bool = False
    live: bool = False
    refused: ConnectionRefusedError | None = None
    told: bool = False
    given: set[str] = field(default_factory=set)
    replay: list[tuple[Envelope, Offset]] = field(default_factory=list)
    saving: Semaphore = field(default_factory=Semaphore)

    def check(self) -> None:
        """Raise what the client is to be refused with, if it was ended while it connected."""
        if self.refused is not None:
            raise self.refused
