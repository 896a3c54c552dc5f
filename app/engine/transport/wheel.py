"""A timing wheel: when thousands of connections are due, for the price of one timer.

Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (SOSP 1987), scheme 4 without the hashing: a slot is a
stretch of time, and what is due in it is called when it has passed.
"""

from collections.abc import Callable, Iterator

Due = Callable[[], None]


class Wheel:
    """Decides who is due; whoever owns it asks, :attr:`tick` by tick.

    Args:
        tick: seconds of a slot: nobody is called before it is due, and at the most so much later.
        now: the time, from any monotonic clock, in seconds.
    """

    __slots__ = ("_next", "_slots", "tick")

    def __init__(self, tick: float, now: float) -> None:
        self.tick = tick
        self._slots: dict[int, dict[Due, None]] = {}
        self._next = int(now / tick)

    def add(self, when: float, due: Due) -> int:
        """Have ``due`` called once ``when`` has passed; returns its slot, for :meth:`discard`."""
        slot = max(int(when / self.tick) + 1, self._next)
        self._slots.setdefault(slot, {})[due] = None
        return slot

    def discard(self, slot: int, due: Due) -> None:
        """Call it off, if it is still to come."""
        waiting = self._slots.get(slot)
        if waiting is not None:
            waiting.pop(due, None)
            if not waiting:
                del self._slots[slot]

    def due(self, now: float) -> Iterator[Due]:
        """Everything that is due at ``now``, in the order of its slots; what is called off meanwhile is not."""
        while self._next <= int(now / self.tick):
            waiting = self._slots.get(self._next)
            if not waiting:
                self._next += 1
                continue
            first = next(iter(waiting))
            self.discard(self._next, first)
            yield first

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))
