"""What travels from a publisher to the sockets of every process."""

from dataclasses import dataclass, field
from typing import NamedTuple

from app.engine.pace import Pace


class Trace(NamedTuple):
    """Where a durable event comes from, and when. Times are Unix seconds; those of several machines are as one only as
    far as their clocks are.

    Attributes:
        cause: what was asked for when it was published, as the application names it: the id of a request, say.
        published_at: when it was stored in its transaction, which commits right after.
        numbered_at: when it got its number; None: not known to who reads it from the table.
    """

    cause: str
    published_at: float
    numbered_at: float | None = None


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
        trace: where it comes from; None for what was not stored.
    """

    event: str
    payload: str
    rooms: tuple[str, ...]
    seq: int | None = None
    skip: tuple[str, ...] = ()
    pace: Pace | None = None
    trace: Trace | None = field(default=None, compare=False)

    @property
    def number(self) -> int:
        """Its place in that order, of one that has a place."""
        assert self.seq is not None  # noqa: S101 - history is what was numbered
        return self.seq

    @property
    def is_control(self) -> bool:
        return self.event.startswith("@")
