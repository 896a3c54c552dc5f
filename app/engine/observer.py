"""What the engine tells whoever watches it: figures and logs are made of it, and are none of its concern."""

from app.engine.envelope import Envelope


class Observer:
    """Is told what happens in this process. This one takes no notice; derive from it.

    It is called where nothing may take long: no method waits, none takes more than microseconds, none raises.
    """

    def delivered(self, envelope: Envelope, sockets: int) -> None:
        """``envelope`` was written to so many sockets of this process, those that are held for it included."""

    def connected(self, namespace: str) -> None:
        """A socket was accepted, be it a client that came back."""

    def recovered(self, outcome: str) -> None:
        """A client came back with the private id of a session.

        Args:
            outcome: ``recovered``; else why it begins a new one: ``unknown`` (no such session, or another's, or it was
                lost for longer than the window), ``behind`` (the history does not reach back to it), ``too_much`` (it
                missed more than is replayed).
        """

    def dropped(self) -> None:
        """A client was dropped because it reads too slowly."""

    def disconnected(self, namespace: str, reason: str) -> None:
        """A socket is gone, for a reason in the words of Socket.IO, such as ``transport close``."""
