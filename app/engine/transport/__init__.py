"""Engine.IO over WebSocket and polling, without a greenlet a connection."""

from app.engine.transport.connection import Connection
from app.engine.transport.packets import Malformed, Packet
from app.engine.transport.server import Engine, Options
from app.engine.transport.websocket import WebSocket, write_to_all

__all__ = ["Connection", "Engine", "Malformed", "Options", "Packet", "WebSocket", "write_to_all"]
