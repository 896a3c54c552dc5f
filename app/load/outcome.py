"""What happened in a load test: decided from what was made and what each client heard."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

from app.load.plan import Transport

LATELY = 1_000  # deliveries


@dataclass
class Heard:
    """What one client heard.

    Attributes:
        room: where.
        numbers: of the events, in the order of hearing.
        offsets: that they came with.
    """

    room: str
    numbers: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Moment:
    """The server's process at one second of the run, as far as it says so."""

    second: float
    memory: float
    cpu: float
    hub_lag: float


@dataclass
class Outcome:
    """A whole run.

    Attributes:
        made: the numbers of the events that the server has confirmed, by room.
        unsure: those whose request was answered with an error, or not at all: they may have been made.
        heard: of each client that was connected.
        latencies: seconds from the request to each hearing, by the transport that it came by.
        per_second: deliveries in each second.
        moments: of the server.
        errors: by what they were.
        refused: how many clients could not be connected.
        connected_in: seconds until the last of them was connected and in its room.
    """

    made: dict[str, set[int]] = field(default_factory=dict)
    unsure: dict[str, set[int]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    latencies: dict[Transport, list[float]] = field(default_factory=lambda: {transport: [] for transport in Transport})
    per_second: Counter[int] = field(default_factory=Counter)
    moments: list[Moment] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    connected_in: float = 0.0

    @property
    def expected(self) -> int:
        """How many deliveries there must be: each event to each client in its room."""
        return sum(len(self.made.get(client.room, ())) for client in self.heard)

    @property
    def lost(self) -> int:
        """Deliveries that are missing."""
        return sum(len(self.missing(client)) for client in self.heard)

    def missing(self, client: Heard) -> set[int]:
        """The events that a client has not heard, of those in its room."""
        return self.made.get(client.room, set()) - set(client.numbers)

    @property
    def repeated(self) -> int:
        """Deliveries that came more than once."""
        return sum(len(client.numbers) - len(set(client.numbers)) for client in self.heard)

    @property
    def out_of_order(self) -> int:
        """Deliveries that came behind one with a higher offset."""
        return sum(_falls(client.offsets) for client in self.heard)

    @property
    def unknown(self) -> int:
        """Deliveries of events that nobody made."""
        return sum(
            len(set(client.numbers) - self.made.get(client.room, set()) - self.unsure.get(client.room, set()))
            for client in self.heard
        )

    @property
    def deliveries(self) -> int:
        """How many there were."""
        return sum(map(len, self.latencies.values()))

    def latency(self, transport: Transport, share: float) -> float:
        """The milliseconds that a ``share`` of the deliveries by a transport took at the most; 0 without any."""
        return _latency(self.latencies[transport], share)

    def latency_lately(self, transport: Transport, share: float) -> float:
        """The same of the newest deliveries alone: to sort all of them again and again would delay what is timed."""
        return _latency(self.latencies[transport][-LATELY:], share)

    def faults(self, bound: float | None) -> list[str]:
        """Why the test did not pass, in words; nothing if it did.

        Args:
            bound: as in :class:`app.load.plan.Plan`.
        """
        counts = {
            "lost": self.lost,
            "repeated": self.repeated,
            "out of order": self.out_of_order,
            "of events that nobody made": self.unknown,
        }
        found = [f"{count:,} deliveries {what}" for what, count in counts.items() if count]
        if self.refused:
            found.append(f"{self.refused:,} clients could not be connected")
        found += [f"{count:,} times: {what}" for what, count in self.errors.items()]
        slowest = {transport: self.latency(transport, 0.99) for transport in Transport}
        if bound is not None:
            found += [f"p99 of {p99:.1f} ms by {by}, above {bound:g}" for by, p99 in slowest.items() if p99 > bound]
        if not self.deliveries:
            found.append("nothing was delivered")
        return found


def _latency(seconds: Sequence[float], share: float) -> float:
    ordered = sorted(seconds)
    return 1000 * ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0


def _falls(offsets: Sequence[int]) -> int:
    highest, falls = 0, 0
    for offset in offsets:
        falls += offset < highest
        highest = max(highest, offset)
    return falls


def total(made: Iterable[set[int]]) -> int:
    """How many events there are in all rooms."""
    return sum(map(len, made))
