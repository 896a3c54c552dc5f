"""What a process that serves sockets holds at the moment, counted from the inside."""

import gc
from typing import Any

from eventlet.hubs import get_hub
from eventlet.support.greenlets import greenlet


def vitals(server: Any) -> dict[str, int]:
    """By name, the number of each.

    Args:
        server: the :class:`socketio.Server`.
    """
    hub = get_hub()
    gc.collect()
    return {
        "greenlets": sum(isinstance(thing, greenlet) and not thing.dead for thing in gc.get_objects()),
        "waits": sum(map(len, hub.listeners.values())),
        "timers": sum(not timer.called for _, timer in (*hub.timers, *hub.next_timers)),
        "sessions": len(server.eio.sockets),
        "environs": len(server.environ),
        "rooms": sum(map(len, server.manager.rooms.values())),
        "kept": sum(len(kept) for kept in vars(server.manager).values() if isinstance(kept, dict | list | set)),
    }
