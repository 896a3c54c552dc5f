"""What a connection could not write yet: in order, and bounded."""

from collections import deque

AT_ONCE = 1 << 16  # bytes handed to one send: more does not fit into a socket's buffer anyway
MOST_REPLAYED = 32_000_000  # bytes: the longest replay has 8 million characters, of four bytes at the most


class Bound:
    """How much may wait for one client: what is new, and apart from it what is told of the past.

    A replay may be longer than what may wait of the new, and must not use up its share. A client that asks for one
    after the other and reads none has a limit, too.

    Attributes:
        size: how many bytes wait.

    Args:
        most: bytes; once more than that wait, nothing new is taken. So one packet may be larger than it.
    """

    __slots__ = ("_most", "_replayed", "size")

    def __init__(self, most: int) -> None:
        self._most = most
        self._replayed = 0
        self.size = 0

    def take(self, count: int, *, replayed: bool = False) -> bool:
        """Have ``count`` more bytes wait; False when too much waits already: this client is too slow, to be dropped."""
        if replayed:
            if self._replayed > MOST_REPLAYED:
                return False
            self._replayed += count
        elif self.size - self._replayed > self._most:
            return False
        self.size += count
        return True

    def leave(self, count: int) -> None:
        """Bytes are on their way: of a replay, as long as there is one."""
        self.size -= count
        self._replayed = max(0, self._replayed - count)


class Unsent:
    """Frames that wait until the socket takes them.

    Args:
        most: as for :class:`Bound`.
    """

    __slots__ = ("_bound", "_frames")

    def __init__(self, most: int) -> None:
        self._frames: deque[bytes] = deque()
        self._bound = Bound(most)

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return self._bound.size

    def add(self, frame: bytes, *, replayed: bool = False) -> bool:
        """Append a frame; False when too much waits already."""
        if not self._bound.take(len(frame), replayed=replayed):
            return False
        self._frames.append(frame)
        return True

    def head(self) -> bytes:
        """What to send next: as many whole frames as go into one send, one at the least."""
        first = self._frames[0]
        if len(self._frames) == 1 or len(first) >= AT_ONCE:
            return first
        joined = [self._frames.popleft()]
        length = len(first)
        while self._frames and length + len(self._frames[0]) <= AT_ONCE:
            joined.append(self._frames.popleft())
            length += len(joined[-1])
        self._frames.appendleft(b"".join(joined))
        return self._frames[0]

    def sent(self, count: int) -> None:
        """The socket took the first ``count`` bytes of :meth:`head`."""
        first = self._frames.popleft()
        if count < len(first):
            self._frames.appendleft(first[count:])
        self._bound.leave(count)

    def __bool__(self) -> bool:
        return bool(self._frames)
