"""How much the servers are given to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """A room, and the events it hears; ``gap`` seconds after each, so that each leaves alone."""

    members: int
    events: int
    gap: float


@dataclass(frozen=True)
class Size:
    """How much there is of everything in a round."""

    large: Room = Room(5_000, 6, 0.06)
    middle: Room = Room(1_000, 40, 0.015)
    small: Room = Room(100, 300, 0.003)
    tiny: Room = Room(
        5, 2_000, 0.001
    )  # each event goes to the next of the rooms, which the members of the large one are in, too
    rooms: int = 1_000
    few: Room = Room(20, 1_200, 0.005)
    first: int = 100  # connections before those that count
    leaving: int = 200  # connections that come and go while the longest pause is looked for
    asking: int = 200  # clients
    asked: int = 2_000  # events of theirs
    every: float = 0.001  # seconds
    idle: int = 2_000  # connections
    ping_interval: float = 25  # seconds, as by default
