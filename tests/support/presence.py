"""Connections of users as other processes have them, written into the store of sessions of an application."""

from datetime import timedelta
from itertools import count

from sqlalchemy import update

from app.core.clock import now
from app.engine import Owner, Sessions
from app.engine.sessions import Session
from app.events.models import processes, sessions
from app.extensions import db, socketio
from app.presence.models import UserPresence

PRESENCE = "presence-changed"

_sids = (f"s{number}" for number in count())


def new_process(window: timedelta = timedelta(minutes=2)) -> Sessions:
    """A further process's store of sessions; the process is alive, and its changes are noted by this one."""
    store = Sessions(sessions, processes, socketio.relay._begin, window)
    store.on_change = socketio.sessions.on_change
    store.tell_alive()
    return store


def crash(process: Sessions) -> None:
    """It has been silent for so long that it is taken for dead."""
    silent = now() - timedelta(seconds=21)
    db.session.rollback()  # what was read may be older
    db.session.execute(update(processes).where(processes.c.id == process.process).values(seen_at=silent))
    db.session.commit()


def connect(process: Sessions, user: str, device: str = "laptop", connection: str = "") -> Session:
    """A socket of a user there, accepted just now."""
    sid = next(_sids)
    session = Session(sid, "/", Owner(user, device), connection or sid, began_at=0)
    process.add(session)
    process.on_change([user])
    return session


def lose(process: Sessions, session: Session) -> None:
    """The link of its connection was cut just now."""
    process.lose([session])
    process.on_change([session.owner.id])


def told(user_id: str) -> UserPresence:
    """What others were told of a user last."""
    db.session.rollback()
    return db.session.get_one(UserPresence, user_id)


def pass_time(user_id: str, seconds: float = 10) -> None:
    """Let a user be absent for that much longer, and note it, as the watch's timer does."""
    row = told(user_id)
    assert row.absent_since is not None
    row.absent_since -= timedelta(seconds=seconds)
    db.session.commit()
    socketio.sessions.on_change([user_id])
