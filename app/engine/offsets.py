"""Where a client says that it stands.

A socket hears the events of several rooms in one order, so one number says what it has heard of all of them: the
``seq`` of the newest. That breaks when it enters a room with ``since``: the room's older events are sent to it alone,
behind newer ones of other rooms. An offset that comes with such an event therefore says two things: how far the socket
has heard everything else, and how far this one replay has come.
"""

import re
from dataclasses import dataclass

_TEXT = re.compile(r"(\d{1,18})(?::(\d{1,18}):(\d{1,18}):(.{1,128}))?", re.ASCII)


@dataclass(frozen=True)
class Offset:
    """What a client has heard.

    Attributes:
        seq: everything up to this event; but
        room: of this room, whose replay is under way,
        reached: only everything up to this one.
        replay: the number of that replay.
    """

    seq: int
    room: str | None = None
    reached: int = 0
    replay: int = 0

    @classmethod
    def parse(cls, text: str) -> "Offset | None":
        """The offset that ``text`` says, or None when it is none that a server sent."""
        match = _TEXT.fullmatch(text)
        if match is None:
            return None
        seq, reached, replay, room = match.groups()
        return cls(int(seq)) if room is None else cls(int(seq), room, int(reached), int(replay))

    def __str__(self) -> str:
        return f"{self.seq}" if self.room is None else f"{self.seq}:{self.reached}:{self.replay}:{self.room}"

    def of(self, room: str) -> int:
        """How far the client has heard ``room``."""
        return self.reached if room == self.room else self.seq
