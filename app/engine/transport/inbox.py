"""What a client sent and nobody has handled yet."""

from collections import deque
from typing import NamedTuple

from eventlet.event import Event

MOST = 100  # messages that wait; with more, nothing further is to be read from the client
MOST_BYTES = 1 << 18


class End(NamedTuple):
    """Stands behind the messages of a client that is gone."""

    reason: str


class Inbox:
    """The messages of one client, in the order of their arrival. It lives while there are some.

    Attributes:
        stalled: whether nothing is read from the client, because of this.
    """

    __slots__ = ("_messages", "_room", "_size", "stalled")

    def __init__(self) -> None:
        self._messages: deque[str | bytes | End] = deque()
        self._size = 0
        self._room: Event | None = None
        self.stalled = False

    def put(self, message: str | bytes | End) -> None:
        self._messages.append(message)
        self._size += len(message)

    def take(self) -> str | bytes | End:
        """The first message; who waits for room may go on, once there is enough."""
        message = self._messages.popleft()
        self._size -= len(message)
        if self._room is not None and not self.is_full:
            self.let_go()
        return message

    @property
    def is_full(self) -> bool:
        return len(self._messages) > MOST or self._size > MOST_BYTES

    def wait_for_room(self) -> None:
        """Wait until it isn't full, or :meth:`let_go`."""
        if self.is_full:
            self._room = self._room or Event()
            self._room.wait()

    def let_go(self) -> None:
        """Have nobody wait any more."""
        room, self._room = self._room, None
        if room is not None:
            room.send()

    def __bool__(self) -> bool:
        return bool(self._messages)
