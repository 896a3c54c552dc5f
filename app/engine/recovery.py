"""Connection state recovery, and catching up with a room: what a socket missed comes before what is new.

The client keeps the ``pid`` of CONNECT and the newest offset, and comes back with both (Socket.IO protocol v5,
"Connection state recovery"). A socket that is to hear something of the past is held meanwhile: the hub keeps what is
new for it, so that reading the history may take its time, and nothing is lost or told twice where the two meet.
"""

import json
import logging
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf
from typing import Any

from eventlet import Timeout, sleep, spawn_n
from socketio.exceptions import ConnectionRefusedError

from app.engine.client import Client
from app.engine.envelope import Envelope
from app.engine.history import Bound, History
from app.engine.hub import Hub
from app.engine.memberships import Standing
from app.engine.offsets import Offset
from app.engine.sessions import Owner, Session, Sessions
from app.engine.upkeep import BATCH, Upkeep

logger = logging.getLogger(__name__)

TAKE_OVER = "@take-over"  # the control message that names a connection whose session another one goes on with
MOST_MISSED = Bound(events=10_000, characters=8_000_000)  # who missed more begins anew
PATIENCE = 5.0  # seconds that a client waits for this process to have heard what the client has


class SocketGone(Exception):
    """The socket was closed while something was done for it; there is nobody to tell."""


class RoomGone(Exception):
    """The socket was taken out of the room while it was put into it."""


@dataclass(frozen=True)
class Application:
    """What recovery asks of the application.

    Attributes:
        authenticate: whose a client is, by the ``auth`` that it sent, which may be no object; it raises
            ConnectionRefusedError when it does not say.
        allowed: of an owner's id and rooms, those that the owner may hear.
        here: is told the sid of each socket that hears its rooms from now on.
        gone: is told the sid of each socket that is no more, and why.
    """

    authenticate: Callable[[Any], Owner]
    allowed: Callable[[str, Collection[str]], set[str]]
    here: Callable[[str], None]
    gone: Callable[[str, str], None]


class Recovery:
    """The clients of this process, and how they go on where they were.

    Attributes:
        upkeep: of the sessions, in the background.

    Args:
        hub: this process's sockets.
        history: the past.
        sessions: the store.
        application: what it asks of the application.
        publish: carries an envelope to every process.
    """

    def __init__(
        self,
        hub: Hub,
        history: History,
        sessions: Sessions,
        application: Application,
        publish: Callable[[Envelope], None],
    ) -> None:
        self._hub = hub
        self._history = history
        self._sessions = sessions
        self.upkeep = Upkeep(sessions, history, self._restore)
        self._application = application
        self._publish = publish
        hub.controls[TAKE_OVER] = self._taken_over
        self._clients: dict[str, Client] = {}

    def wait_until_begun(self) -> None:
        """Wait until this process knows the newest event, without which nobody can be told where they stand.

        Raises:
            TimeoutError: it still does not; the database is away.
        """
        with Timeout(PATIENCE, False):
            self._hub.begun.wait()
        if not self._hub.begun.ready():
            raise TimeoutError("the newest event is not known yet")

    # --- connecting: resume or begin, then the application accepts it, then accepted, then flush

    def resume(self, pid: str, offset: str | None, namespace: str, owner: Owner, connection: str) -> Client | None:
        """The client of a session that can be gone on with, held by ``connection`` from now on.

        Returns:
            None when there is none: unknown, another's, lost for longer than the window, or the history does not reach
            back to ``offset``. The client then begins a new one.
        """
        claimed = self._sessions.claim(pid, namespace, owner, connection)
        if claimed is None:
            self._hub.observer.recovered("unknown")
            return None
        session, predecessor = claimed
        heard = Offset(session.began_at) if offset is None else Offset.parse(offset)
        try:
            reached = heard is not None and self._reaches(heard)
        except BaseException:
            self.upkeep.let_go(session, for_good=False)
            raise
        if heard is None or not reached:
            self.upkeep.let_go(session, for_good=True)
            self._hub.observer.recovered("behind")
            return None
        if predecessor != connection and not self._abort(predecessor):  # then another process may have it
            self._publish(Envelope(TAKE_OVER, json.dumps(predecessor), ()))
        return self._know(Client(session, heard, recovered=True, stored=True))

    def _taken_over(self, envelope: Envelope) -> None:
        spawn_n(self._abort, json.loads(envelope.payload))  # handlers of a disconnect may take their time

    def _abort(self, connection: str) -> bool:
        """End a connection that the client knows to be dead, while we don't yet; whether this process had it."""
        half_open = self._hub.server.eio.sockets.get(connection)
        if half_open is not None:
            half_open.close(abort=True)
        return half_open is not None

    def begin(self, sid: str, namespace: str, owner: Owner, connection: str, *, recoverable: bool) -> Client:
        """The client of a new session."""
        session = Session(sid, namespace, owner, connection, began_at=self._hub.seq)
        return self._know(Client(session, Offset(self._hub.seq), recoverable=recoverable))

    def follow(self, sid: str, namespace: str, owner: Owner, last: str | None) -> Client | None:
        """The client of a stream: what it heard last it says itself.

        Returns:
            None when the history does not reach back to ``last``.
        """
        heard = Offset(self._hub.seq) if last is None else Offset.parse(last)
        if heard is None or not self._reaches(heard):
            return None
        session = Session(sid, namespace, owner, sid, began_at=heard.seq)
        return self._know(Client(session, heard, recovered=True, recoverable=False))

    def accepted(self, client: Client) -> Client:
        """Restore the rooms of a client that the application accepted, and find what it missed.

        Returns:
            The client; a new one, of the same socket, when it missed too much. Send its CONNECT, then :meth:`flush`.

        Raises:
            SocketGone: it went away meanwhile, or came back over another connection.
        """
        if client.recovered and not self._catch_up(client):
            self._check_current(client)
            client = self._begin_anew(client)
            self._hub.observer.recovered("too_much")
        self._check_current(client)
        if client.stored:
            self._save(client)
        else:
            self._add(client)
        self._check_current(client)
        client.live = True
        self._hub.observer.connected(client.session.namespace)
        if client.recovered and client.recoverable:
            self._hub.observer.recovered("recovered")
        self._sessions.on_change([client.session.owner.id])
        return client

    def _check_current(self, client: Client) -> None:
        if self._clients.get(client.session.sid) is not client:
            raise SocketGone

    def refuse(self, sid: str, refusal: ConnectionRefusedError) -> bool:
        """End a client that is still connecting: its CONNECT will be refused. False when it is connected already."""
        client = self._clients.get(sid)
        if client is None or client.told:
            return False
        client.refused = refusal
        return True

    def flush(self, sid: str) -> None:
        """Send what a held socket is to hear first, then let it hear what is new."""
        client = self._clients.get(sid)
        if client is None or not client.live or not self._hub.is_held(sid):
            return  # not live: a command of the connection before this one has ended, while this one is still coming
        client.told = True
        if client.replay:
            self._hub.wait_until_written()  # the replay's offsets say that the newest event was heard
        replay = client.replay.copy()
        client.replay.clear()
        if self._clients.get(sid) is client:
            self._hub.release(sid, client.session.namespace, replay)

    def disconnected(self, sid: str, reason: str, *, for_good: bool) -> None:
        """The socket is gone. Unless somebody said good-bye, its session waits for it."""
        self._application.gone(sid, reason)
        client = self._clients.pop(sid, None)
        if client is not None and client.live:
            self._hub.observer.disconnected(client.session.namespace, reason)
        if client is not None and client.stored:
            self.upkeep.let_go(client.session, for_good=for_good or not client.recoverable)

    def hand_over(self, sid: str, owner: Owner) -> None:
        """A socket is another device's from now on, of the same user."""
        client = self._client(sid)
        client.session.owner = owner
        self._save(client)

    # --- rooms

    def look_back(self, since: str) -> Offset | None:
        """The offset that ``since`` says, once this process has heard what it says; None when the past is not kept."""
        offset = Offset.parse(since)
        return offset if offset is not None and self._reaches(offset) else None

    def enter(self, sid: str, namespace: str, room: str, since: Offset | None = None) -> bool:
        """Put a socket into ``room`` and remember it.

        It is in the room before the first yield: so whoever takes the right to it away meanwhile finds it there.

        Args:
            since: from :meth:`look_back`; what the room missed after it is sent at the next :meth:`flush`, before what
                is new.

        Returns:
            Whether that was little enough; if not, the socket hears only what is new.

        Raises:
            SocketGone: it is no more.
            RoomGone: it was taken out again meanwhile.
        """
        client = self._client(sid)
        if not client.live:
            client.given.add(room)
            if client.recovered:  # if it is new to the session, all of it is news
                client.session.rooms.enter(room, client.heard.seq)
                return True
        known = room in client.session.rooms
        try:
            return self._enter(client, room, since)
        except BaseException:
            if not known:  # the join is refused: it was none
                self._hub.basic_leave_room(sid, namespace, room)
                client.session.rooms.leave(room)
            raise

    def _enter(self, client: Client, room: str, since: Offset | None) -> bool:
        session, now = client.session, self._hub.seq
        begins = session.rooms.beginnings().get(room, inf)
        self._hub.basic_enter_room(session.sid, session.namespace, room)
        session.rooms.enter(room, now)
        caught_up = since is None or begins <= since.of(room) or self._replay(client, room, since.of(room), now)
        if client.live:
            self._save(client)
            self._check_is_in(client, room)
        return caught_up

    def _replay(self, client: Client, room: str, since: int, now: int) -> bool:
        """Schedule what ``room`` missed after ``since`` and up to ``now``; False when that is too much."""
        session = client.session
        self._hub.hold(session.sid)
        found = self._history.all_after([room], since, MOST_MISSED)
        self._check_is_in(client, room)
        if found is None:
            return False
        client.replay += session.rooms.replay(room, since, now, found)
        return True

    def _check_is_in(self, client: Client, room: str) -> None:
        self._client(client.session.sid)
        if room not in client.session.rooms:
            raise RoomGone

    def enter_soon(self, sid: str, namespace: str, room: str) -> None:
        """Put a socket into a room of its own, now. Storing can wait: a recovery would find this room again."""
        client = self._clients.get(sid)
        if client is not None:
            self._hub.basic_enter_room(sid, namespace, room)
            client.session.rooms.enter(room, self._hub.seq)
            if not client.live:
                client.given.add(room)
            spawn_n(self._save, client)

    def leave(self, sid: str, namespace: str, room: str) -> None:
        """Take a socket out of ``room``. Rights are checked again at a recovery, so this need not be stored first."""
        self._hub.basic_leave_room(sid, namespace, room)
        client = self._clients.get(sid)
        if client is not None and client.session.rooms.leave(room) and client.live:
            spawn_n(self._save, client)

    def _begin_anew(self, client: Client) -> Client:
        """The same socket with a new session, and with the rooms that the application gave it just now."""
        session = client.session
        if client.stored:
            self.upkeep.let_go(session, for_good=True)
        for room in session.rooms.entered:
            self._hub.basic_leave_room(session.sid, session.namespace, room)
        fresh = self.begin(*session.identity, recoverable=client.recoverable)
        fresh.refused = client.refused
        for room in client.given:
            self.enter(session.sid, session.namespace, room)
        for room in client.given - self._application.allowed(session.owner.id, client.given):  # it may be a while ago
            self.leave(session.sid, session.namespace, room)
        return fresh

    # --- what was missed

    def _catch_up(self, client: Client) -> bool:
        """Enter the session's rooms and schedule what was missed in them; False when that is too much."""
        session, rooms = client.session, list(client.session.rooms.entered)
        for room in rooms:
            self._hub.basic_enter_room(session.sid, session.namespace, room)
        self._hub.hold(session.sid)  # anew: what is older is among what is read now
        now = self._hub.seq
        standing = Standing(session.rooms, client.heard)
        found = self._history.all_after(rooms, now if standing.since is None else standing.since, MOST_MISSED)
        allowed = self._application.allowed(session.owner.id, rooms)
        if found is None:
            return False
        client.replay += standing.missed((each for each in found if each.number <= now), allowed)
        for room, at in session.rooms.entered.items():  # some may have been entered, or left, while this read
            standing.memberships.enter(room, at)
        for room in rooms:
            if room not in allowed:
                self._hub.basic_leave_room(session.sid, session.namespace, room)
            if room not in allowed or room not in session.rooms:
                standing.memberships.leave(room)
        session.rooms = standing.memberships
        return True

    def _reaches(self, offset: Offset) -> bool:
        """Whether the history reaches back to ``offset``, and this process has heard what the client has.

        A client may come from a process that was ahead of this one, and would hear again what this one hears next.
        """
        kept = self._history.kept()
        if not kept.reaches(offset.seq) or (offset.room is not None and not kept.reaches(offset.reached)):
            return False
        with Timeout(PATIENCE, False):
            while self._hub.seq < offset.seq:
                sleep(0.01)
        return self._hub.seq >= offset.seq

    # --- the store

    def _client(self, sid: str) -> Client:
        if sid not in self._clients:
            raise SocketGone
        return self._clients[sid]

    def _know(self, client: Client) -> Client:
        self._clients[client.session.sid] = client
        self._hub.hold(client.session.sid)
        return client

    def _add(self, client: Client) -> None:
        client.stored = True  # whatever comes of it, it is let go
        self._sessions.add(client.session)
        if self._clients.get(client.session.sid) is not client:  # it was let go before there was a row
            self.upkeep.let_go(client.session, for_good=True)

    def _restore(self) -> None:
        """Store again what others have swept, who held this process for dead: it had no way to the database, say.

        Nobody else can have gone on with what was swept. What others did go on with is in the store, and stays theirs.
        """
        live = [client for client in self._clients.values() if client.live]
        for start in range(0, len(live), BATCH):
            some = live[start : start + BATCH]
            with ExitStack() as saving:  # so that the rooms that are stored are the newest
                for client in some:
                    saving.enter_context(client.saving)
                self._sessions.restore([client.session for client in some])
            for client in some:
                if self._clients.get(client.session.sid) is not client:  # it went meanwhile
                    self.upkeep.let_go(client.session, for_good=not client.recoverable)
        self._sessions.on_change({client.session.owner.id for client in live})

    def _save(self, client: Client) -> None:
        with client.saving:  # so that a newer state is never overwritten by an older one
            self._sessions.save(client.session)
