"""What a connection could not write yet: in order, and bounded."""

from collections import deque

AT_ONCE = 1 << 16  # bytes handed to one send: more does not fit into a socket's buffer anyway


class Unsent:
    """Frames that wait until the socket takes them.

    Attributes:
        size: how many bytes wait.

    Args:
        most: bytes; once more than that wait, no further frame is taken. So one frame may be larger than it.
    """

    __slots__ = ("_frames", "_most", "size")

    def __init__(self, most: int) -> None:
        self._frames: deque[bytes] = deque()
        self._most = most
        self.size = 0

    def add(self, frame: bytes, *, bounded: bool = True) -> bool:
        """Append a frame.

        Args:
            bounded: False for what is bounded elsewhere, as a replay is: the bound grows with it.

        Returns:
            False when too much waits already: this client is too slow, and is to be dropped.
        """
        if not bounded:
            self._most += len(frame)
        elif self.size > self._most:
            return False
        self._frames.append(frame)
        self.size += len(frame)
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
        self.size -= count

    def __bool__(self) -> bool:
        return bool(self._frames)
