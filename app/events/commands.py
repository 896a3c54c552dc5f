"""Commands: what clients emit, and what they are acknowledged with."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from app.core.clock import Timestamp
from app.core.schema import Id, Schema
from app.events.base import Ack, Command
from app.events.rooms import RoomKind


class JoinOptions(Schema):
    """The optional second argument of a ``join-…``.

    ``since`` is an offset heard before; what the room missed after it comes before what is new.
    """

    since: Annotated[str, Field(max_length=160)] | None = None


class Joined(Ack):
    """The socket is in the room. ``offset`` is where it stands; ``gap``: history does not reach back to ``since``."""

    room: str
    offset: str
    gap: bool | None = None


class Left(Ack):
    """The socket is not in the room, whether or not it was."""

    room: str


class RoomCommand(Command):
    """A command about the room of ``kind`` for the user, team, department or conversation ``id``."""

    kind: ClassVar[RoomKind]
    id: Id

    @property
    def room(self) -> str:
        return self.kind.room(self.id)


class JoinRoom(RoomCommand):
    """Enter a room. Arguments: the id, and options if wanted."""

    ack: ClassVar[type[Ack]] = Joined
    positional: ClassVar[tuple[str, ...]] = ("id", "options")
    options: JoinOptions = JoinOptions()


class LeaveRoom(RoomCommand):
    """Leave a room. Argument: the id."""

    ack: ClassVar[type[Ack]] = Left
    positional: ClassVar[tuple[str, ...]] = ("id",)


class JoinUser(JoinRoom):
    """Enter one's own room. The argument is the user's id."""

    name: ClassVar[str] = "join-user"
    kind: ClassVar[RoomKind] = RoomKind.USER


class JoinTeam(JoinRoom):
    """Enter the room of a team, as its member or an admin. The argument is the team's id."""

    name: ClassVar[str] = "join-team"
    kind: ClassVar[RoomKind] = RoomKind.TEAM


class JoinDepartment(JoinRoom):
    """Enter the room of a department, as its member or an admin. The argument is the department's id."""

    name: ClassVar[str] = "join-department"
    kind: ClassVar[RoomKind] = RoomKind.DEPARTMENT


class JoinNotifications(JoinRoom):
    """Enter the room of one's own notifications. The argument is the user's id."""

    name: ClassVar[str] = "join-notifications"
    kind: ClassVar[RoomKind] = RoomKind.NOTIFICATIONS


class JoinChat(JoinRoom):
    """Enter the room of a conversation, as its participant. The argument is the conversation's id."""

    name: ClassVar[str] = "join-chat"
    kind: ClassVar[RoomKind] = RoomKind.CHAT


class JoinTasks(JoinRoom):
    """Enter the room of a user's tasks: one's own, one of a shared team's as its manager, any as an admin."""

    name: ClassVar[str] = "join-tasks"
    kind: ClassVar[RoomKind] = RoomKind.TASKS


class JoinAnalytics(JoinRoom):
    """Enter the room of a user's metrics: one's own, one of a shared team's as its manager, any as an admin."""

    name: ClassVar[str] = "join-analytics"
    kind: ClassVar[RoomKind] = RoomKind.ANALYTICS


class LeaveUser(LeaveRoom):
    """Leave one's own room."""

    name: ClassVar[str] = "leave-user"
    kind: ClassVar[RoomKind] = RoomKind.USER


class LeaveTeam(LeaveRoom):
    """Leave the room of a team."""

    name: ClassVar[str] = "leave-team"
    kind: ClassVar[RoomKind] = RoomKind.TEAM


class LeaveDepartment(LeaveRoom):
    """Leave the room of a department."""

    name: ClassVar[str] = "leave-department"
    kind: ClassVar[RoomKind] = RoomKind.DEPARTMENT


class LeaveNotifications(LeaveRoom):
    """Leave the room of one's own notifications."""

    name: ClassVar[str] = "leave-notifications"
    kind: ClassVar[RoomKind] = RoomKind.NOTIFICATIONS


class LeaveChat(LeaveRoom):
    """Leave the room of a conversation."""

    name: ClassVar[str] = "leave-chat"
    kind: ClassVar[RoomKind] = RoomKind.CHAT


class LeaveTasks(LeaveRoom):
    """Leave the room of a user's tasks."""

    name: ClassVar[str] = "leave-tasks"
    kind: ClassVar[RoomKind] = RoomKind.TASKS


class LeaveAnalytics(LeaveRoom):
    """Leave the room of a user's metrics."""

    name: ClassVar[str] = "leave-analytics"
    kind: ClassVar[RoomKind] = RoomKind.ANALYTICS


class TypingStart(Command):
    """Tell a conversation that one is typing. It ends by ``typing-stop``, by one's message, or by itself after 6 s."""

    name: ClassVar[str] = "typing-start"
    conversation_id: Id


class TypingStop(Command):
    """Tell a conversation that one is no longer typing."""

    name: ClassVar[str] = "typing-stop"
    conversation_id: Id


class PresenceSet(Command):
    """Say whether one is at this connection, or away from it. One is online who is at any of theirs."""

    name: ClassVar[str] = "presence-set"
    status: Literal["online", "away"]


class Refreshed(Ack):
    """The connection goes on until ``expires_at``."""

    expires_at: Timestamp


class RefreshAuth(Command):
    """Keep the connection past the expiry of its token, with a newer access token of the same user."""

    name: ClassVar[str] = "refresh-auth"
    ack: ClassVar[type[Ack]] = Refreshed
    token: Annotated[str, Field(min_length=1, max_length=8192)]
