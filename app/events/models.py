"""The tables that the engine keeps: what was published, and the sessions of sockets."""

from app.engine import event_table, process_table, room_table, session_table
from app.extensions import Model

events = event_table(Model.metadata)
event_rooms = room_table(Model.metadata)
sessions = session_table(Model.metadata)
processes = process_table(Model.metadata)
