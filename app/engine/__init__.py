"""Real-time delivery for Flask: a drop-in for Flask-SocketIO. It knows nothing of the application around it."""

from app.engine.brokers import Broker
from app.engine.envelope import Envelope
from app.engine.history import History
from app.engine.hub import Hub
from app.engine.observer import Observer
from app.engine.outbox import Outbox, event_table, room_table
from app.engine.pace import Pace
from app.engine.presence import Presence
from app.engine.recovery import Application, RoomGone, SocketGone
from app.engine.sessions import Owner, Sessions, process_table, session_table
from app.engine.socketio import SocketIO

__all__ = [
    "Application",
    "Broker",
    "Envelope",
    "History",
    "Hub",
    "Observer",
    "Outbox",
    "Owner",
    "Pace",
    "Presence",
    "RoomGone",
    "Sessions",
    "SocketGone",
    "SocketIO",
    "event_table",
    "process_table",
    "room_table",
    "session_table",
]
