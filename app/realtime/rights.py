"""Who may hear a room."""

from collections.abc import Callable
from typing import TypeVar

from app.chat.queries import is_participant
from app.events.rooms import RoomKind
from app.extensions import db
from app.people.models import Department, Team, User
from app.people.queries import is_member, manages_user, user

T = TypeVar("T")


def may_hear(listener: User, kind: RoomKind, id: str) -> bool:
    """Whether ``listener`` has a right to the room of ``kind`` for ``id``. What doesn't exist, nobody may hear."""
    match kind:
        case RoomKind.USER | RoomKind.NOTIFICATIONS:
            return listener.id == id
        case RoomKind.TEAM:
            return is_member(listener.id, id) or (listener.is_admin and db.session.get(Team, id) is not None)
        case RoomKind.DEPARTMENT:
            exists = db.session.get(Department, id) is not None
            return exists and (listener.department_id == id or listener.is_admin)
        case RoomKind.CHAT:
            return is_participant(listener.id, id)
        case RoomKind.TASKS | RoomKind.ANALYTICS:
            return listener.id == id or (manages_user(listener, id) and user(id) is not None)


class RightsEpoch:
    """Closes the gap between asking whether a socket may enter a room and entering it.

    A right that ends is taken from the sockets that are in the room when its control message is handled. A socket that
    asked before and enters after would be missed; so each such message moves the epoch, and who asked in an older one
    asks again.
    """

    def __init__(self) -> None:
        self._epoch = 0

    def move(self) -> None:
        """Rights have changed; call it before looking for the sockets that this concerns, without a yield between."""
        self._epoch += 1

    def settled(self, ask: Callable[[], T]) -> T:
        """What ``ask`` returns, asked anew until no right changed meanwhile. Act on it before the next yield.

        What the session has read before is read anew: it may be older than a change that was acted on already. What it
        reads now stays readable, but is the session's no more.
        """
        while True:
            before = self._epoch
            db.session.rollback()
            answer = ask()
            db.session.close()  # its connection is the next one's turn: who acts on the answer may need one
            if self._epoch == before:
                return answer


rights_epoch = RightsEpoch()
