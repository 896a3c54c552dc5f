"""What travels from a publisher to the sockets of every process."""

from dataclasses import dataclass

from app.engine.pace import Pace


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event, or one control message, on its way to rooms.

    Attributes:
        event: the name that clients hear. A name that begins with ``@`` is a control message: no client hears it; the
            handler registered with ``SocketIO.control`` runs in every process, in order with the events around it.
        payload: the one argument, as JSON text, so that it is encoded once for history, brokers and sockets.
        rooms: who hears it. A socket in several of them hears it once.
        seq: its place in the one order of all durable events; None for an ephemeral one.
        skip: rooms whose sockets don't hear it (a socket's own sid is a room, too). Only for ephemeral ones.
        pace: how often such leave; known until it left. None: each does, at once.
    """

    event: str
    payload: str
    rooms: tuple[str, ...]
    seq: int | None = None
    skip: tuple[str, ...] = ()
    pace: Pace | None = None

    @property
    def is_control(self) -> bool:
        return self.event.startswith("@")
