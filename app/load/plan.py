"""What a load test is to do, and who does it."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Transport(StrEnum):
    """How packets get to a client."""

    WEBSOCKET = "WebSocket"
    POLLING = "polling"


@dataclass(frozen=True)
class Plan:
    """How much load, for how long.

    Attributes:
        url: of the server.
        connections: clients, each with one.
        polling: how many of them poll; the others have a WebSocket.
        rate: events made in a second, over all rooms.
        duration: seconds for which they are made.
        ramp: connections begun in a second.
        bound: milliseconds that 99 of 100 deliveries may take at the most; None: there is no bound.
    """

    url: str
    connections: int
    polling: int
    rate: float
    duration: float
    ramp: float
    bound: float | None

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        return urlsplit(self.url).hostname in LOOPBACK

    @property
    def transports(self) -> dict[Transport, int]:
        """How many clients use which, without those that none uses."""
        counts = {Transport.WEBSOCKET: self.connections - self.polling, Transport.POLLING: self.polling}
        return {transport: count for transport, count in counts.items() if count}

    def transport(self, number: int) -> Transport:
        """That of a client: the first ones poll, so that the rooms share these evenly."""
        return Transport.POLLING if number < self.polling else Transport.WEBSOCKET

    @property
    def events(self) -> int:
        """How many events are made in all."""
        return round(self.rate * self.duration)


@dataclass(frozen=True)
class Actor:
    """A user of the load test: makes events, in a room of its own, that its clients hear."""

    user_id: str
    token: str

    @property
    def room(self) -> str:
        return f"notifications-{self.user_id}"
