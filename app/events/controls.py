"""Control messages: what every process does to its sockets, in order with the events; and the health probe."""

from typing import ClassVar

from app.core.schema import Schema
from app.events.base import Channel, ControlMessage, Published
from app.events.connection import LeaveReason
from app.events.rooms import RoomKind, sockets_of_login, sockets_of_user


class CheckRights(ControlMessage):
    """Sockets of these users leave the rooms that their users may no longer hear, and hear ``room-left`` for each."""

    name: ClassVar[str] = "@check-rights"
    user_ids: tuple[str, ...]
    reason: LeaveReason

    def rooms(self) -> tuple[str, ...]:
        return tuple(sockets_of_user(id) for id in self.user_ids)


class EnterRoom(ControlMessage):
    """Sockets of these users that are in a channel's namespace enter a room of it.

    What the room hears from then on they hear, also when it was committed before, and waited for its pace.
    """

    name: ClassVar[str] = "@enter-room"
    barrier: ClassVar[bool] = False
    user_ids: tuple[str, ...]
    namespace: str
    room: str

    def rooms(self) -> tuple[str, ...]:
        return tuple(sockets_of_user(id) for id in self.user_ids)


class TypingHeard(ControlMessage):
    """A user types in a conversation for ``seconds`` from now, unless more comes; for 0: no longer. Ephemeral.

    One that doesn't ``begin`` says that they go on. It may arrive behind what ended their typing, and begins nothing.
    """

    name: ClassVar[str] = "@typing-heard"
    conversation_id: str
    user_id: str
    seconds: float
    begin: bool = False

    def rooms(self) -> tuple[str, ...]:
        return (RoomKind.CHAT.room(self.conversation_id),)


class EndConnections(ControlMessage):
    """Sockets opened with these logins hear ``error`` with the code and the message, and are disconnected.

    They hear nothing of what waits for its pace at that moment.
    """

    name: ClassVar[str] = "@end-connections"
    barrier: ClassVar[bool] = False
    login_ids: tuple[str, ...]
    code: str
    message: str

    def rooms(self) -> tuple[str, ...]:
        return tuple(sockets_of_login(id) for id in self.login_ids)


class AskWay(ControlMessage):
    """Every process says, with :class:`TellWay`, how the event ``seq`` passed it. Ephemeral."""

    name: ClassVar[str] = "@ask-way"
    seq: int
    nonce: str

    def rooms(self) -> tuple[str, ...]:
        return ()


class Passed(Schema):
    """An event as it passed a process; times are Unix seconds."""

    event: str
    cause: str
    published_at: float
    numbered_at: float | None
    sockets: int
    written_at: float


class TellWay(Published):
    """How an event passed one process, told to the one that asked; None: that process does not remember it."""

    name: ClassVar[str] = "way-told"
    nonce: str
    process: str
    passed: Passed | None

    def rooms(self) -> tuple[str, ...]:
        return (f"@way:{self.nonce}",)


class LoopbackProbe(Published):
    """Travels as an event of a channel does, to a room that only the health check listens to."""

    name: ClassVar[str] = "loopback-probe"
    channel: Channel
    nonce: str

    def rooms(self) -> tuple[str, ...]:
        return (f"@probe:{self.channel}:{self.nonce}",)
