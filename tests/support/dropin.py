"""A Flask-SocketIO application of a few lines, on this engine or on the stock one: `python -m tests.support.dropin`.

Nothing in it knows of the product. Settings come from the environment: PORT; ENGINE, `ours` or `stock`; OPTIONS, those
of `SocketIO` as JSON; RUN, those of `run` as JSON; PLAIN=1 for Engine.IO alone, which echoes each message.
"""

import eventlet

if __name__ == "__main__":
    eventlet.monkey_patch()

import json
import os
from collections import Counter, deque
from typing import Any

import flask_socketio
from flask import Flask, request
from flask_socketio import disconnect, emit, join_room, leave_room

from app import engine
from tests.support.vitals import vitals

app = Flask(__name__)
SocketIO = engine.SocketIO if os.environ.get("ENGINE", "ours") == "ours" else flask_socketio.SocketIO
socketio = SocketIO(app, async_mode="eventlet", **json.loads(os.environ.get("OPTIONS", "{}")))
ended: deque[tuple[str, str]] = deque(maxlen=1000)  # sids, and the reasons that handlers of disconnect were told
calls: Counter[str] = Counter()


def connect(auth: Any = None) -> None:
    calls["connect"] += 1
    if auth and "token" in auth and auth["token"] == "raise":
        raise RuntimeError("the handler of connect failed")
    emit("auth", auth or {})


def disconnected(reason: Any = None) -> None:
    calls["disconnect"] += 1
    ended.append((request.sid, reason))  # type: ignore[attr-defined]


def message(*values: Any) -> None:
    emit("message-back", values)


def message_with_ack(*values: Any) -> tuple[Any, ...]:
    return values


for namespace in ("/", "/custom"):
    socketio.on_event("connect", connect, namespace=namespace)
    socketio.on_event("disconnect", disconnected, namespace=namespace)
    socketio.on_event("message", message, namespace=namespace)
    socketio.on_event("message-with-ack", message_with_ack, namespace=namespace)


@socketio.on("join")
def join(*rooms: str) -> None:
    for room in rooms:
        join_room(room)


@socketio.on("leave")
def leave(room: str) -> None:
    leave_room(room)


@socketio.on("tell")
def tell(room: str, *values: Any) -> None:
    emit("told", values, to=room)


@socketio.on("sleep")
def sleep(seconds: float) -> float:
    eventlet.sleep(seconds)
    return seconds


@socketio.on("good-bye")
def good_bye() -> None:
    disconnect()


@socketio.on("who")
def who() -> Any:
    return {"sid": request.sid, "agent": request.headers.get("User-Agent")}  # type: ignore[attr-defined]


@app.get("/health/live")
def live() -> str:
    return "ok"


@app.get("/ended/<sid>")
def why_ended(sid: str) -> list[str]:
    return [reason for gone, reason in ended if gone == sid]


@app.post("/tell")
@app.post("/tell/<room>")
def tell_room(room: str | None = None) -> str:
    socketio.emit("told", request.get_json(), to=room)
    return "ok"


@app.get("/calls")
def called() -> dict[str, int]:
    return calls


@app.get("/sessions")
def sessions() -> str:
    return str(len(socketio.server.eio.sockets))  # type: ignore[attr-defined]


@app.get("/vitals")
def held() -> dict[str, int]:
    return vitals(socketio.server)  # type: ignore[attr-defined]


if os.environ.get("PLAIN") == "1":
    eio = socketio.server.eio  # type: ignore[attr-defined]
    eio.on("message", eio.send)
    eio.on("connect", lambda *_: None)
    eio.on("disconnect", lambda sid, reason: ended.append((sid, reason)))

if __name__ == "__main__":
    options = {"host": "127.0.0.1", "port": int(os.environ["PORT"])} | json.loads(os.environ.get("RUN", "{}"))
    socketio.run(app, **options)
