"""The application that is measured, on this engine or on the stock one: ``python -m bench.servers.drop_in``.

Settings come from the environment: PORT; ENGINE, ``ours`` or ``stock``; PING_INTERVAL in seconds.
"""

import eventlet

if __name__ == "__main__":
    eventlet.monkey_patch()

import json
import os
import time
from random import Random
from typing import Any

import flask_socketio
import jwt
from flask import Flask, request
from flask_socketio import join_room

from bench.servers import EVENT, LEAD, PAYLOAD, SECRET, TASKS

MOST = 20_000  # connections
FILLING = "x" * (PAYLOAD - len('{"at":"","filling":""}') - 20)

OURS = os.environ["ENGINE"] == "ours"
if OURS:  # else its memory is none of the stock one's
    from app import engine

app = Flask(__name__)
SocketIO = engine.SocketIO if OURS else flask_socketio.SocketIO
OPTIONS: dict[str, Any] = {"websocket_compression": True} if OURS else {}  # for who offers it, which one crowd does
socketio = SocketIO(app, async_mode="eventlet", ping_interval=float(os.environ["PING_INTERVAL"]), **OPTIONS)
pauses: list[float] = []
random = Random(7)  # noqa: S311 - ids that look like ids: what repeats less is compressed less


def task(number: int) -> dict[str, Any]:
    return {
        "id": f"{random.getrandbits(128):032x}",
        "title": f"Task {number} of the week",
        "description": None,
        "status": random.choice(["todo", "in_progress", "in_review", "done"]),
        "progress": random.randrange(101),
        "assigneeId": f"{random.getrandbits(128):032x}",
        "teamId": "0f8fad5bd9cb469fa16570867728950e",
        "updatedAt": f"2026-01-{random.randrange(1, 29):02}T{random.randrange(24):02}:00:00.000Z",
    }


LISTED = [task(number) for number in range(TASKS)]


@socketio.on("connect")
def connect(auth: Any) -> bool:
    try:
        return bool(jwt.decode(auth["token"], SECRET, algorithms=["HS256"]))
    except (jwt.InvalidTokenError, KeyError, TypeError):
        return False


@socketio.on("join")
def join(room: str) -> str:
    join_room(room)
    return "ok"


@socketio.on("ping-me")
def ping_me(payload: Any) -> Any:
    return payload


def payload() -> dict[str, str]:
    return {"at": f"{time.monotonic_ns():020}", "filling": FILLING}


def emit_list(room: str, _: int) -> None:
    socketio.emit(EVENT, {"at": payload()["at"], "tasks": LISTED}, to=room)


def emit_plainly(room: str, _: int) -> None:
    socketio.emit(EVENT, payload(), to=room)


def emit_numbered(room: str, number: int) -> None:
    text = json.dumps(payload(), separators=(",", ":"))
    assert isinstance(socketio, engine.SocketIO)
    socketio.publish(engine.Envelope(EVENT, text, (room,), seq=1_000_000 + number))


def emit_all(room: str, rooms: int, events: int, gap: float, emit: Any) -> None:
    eventlet.sleep(LEAD)
    for number in range(events):
        emit(f"{room}-{number % rooms}", number)
        eventlet.sleep(gap)


@app.post("/emit")
def begin_to_emit() -> str:
    wanted = request.args
    emit = {"plain": emit_plainly, "numbered": emit_numbered, "list": emit_list}[wanted["kind"]]
    eventlet.spawn(emit_all, wanted["room"], int(wanted["rooms"]), int(wanted["events"]), float(wanted["gap"]), emit)
    return "ok"


def watch() -> None:
    before = time.monotonic()
    while pauses:
        eventlet.sleep(0.001)
        now = time.monotonic()
        pauses.append(max(pauses.pop(), now - before))
        before = now


@app.post("/pauses")
def begin_to_watch() -> str:
    pauses[:] = [0.0]
    eventlet.spawn(watch)
    return "ok"


@app.get("/pauses")
def longest_pause() -> str:
    return str(pauses.pop() * 1000)


@app.get("/health/live")
def live() -> str:
    return "ok"


if __name__ == "__main__":
    socketio.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), max_size=MOST)
