"""``flask listen``: tails rooms in the terminal."""

from collections.abc import Iterator
from datetime import datetime
from time import sleep
from typing import Any

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.text import Text

from app.cli.errors import explained
from app.cli.output import json_option
from app.core import json
from app.core.clock import iso
from app.engine import Envelope
from app.engine.clock import unix
from app.events.rooms import parse_room
from app.extensions import socketio

EVERY = 0.3  # seconds between two looks
AT_ONCE = 500  # events

Past = tuple[Envelope, datetime]


@click.command("listen")
@click.argument("rooms", nargs=-1, required=True)
@click.option("--after", type=int, help="Begin behind this offset; unless given, with what comes from now on.")
@click.option("--seconds", type=float, help="End after so many; unless given, at Ctrl-C.")
@json_option
@with_appcontext
def listen(*, rooms: tuple[str, ...], after: int | None, seconds: float | None, as_json: bool) -> None:
    """Print the durable events of ROOMS as they are numbered, such as team-<id>, tasks-<id>, chat-<id>.

    They are read from the event table, so no server need run, no token is needed, and none is missed. Typing and
    presence are not stored, and so not heard.
    """
    for room in rooms:
        if parse_room(room) is None:
            raise click.UsageError(f"{room} is no room: its name begins with user-, team-, tasks- …")
    console = Console(highlight=False, soft_wrap=True)
    left = float("inf") if seconds is None else seconds
    with explained():
        seq = socketio.history.kept().newest if after is None else after
        while left > 0:
            for envelope, at in _behind(rooms, seq):
                seq = max(seq, envelope.seq or 0)
                _print(console, envelope, at, as_json=as_json)
            sleep(EVERY)
            left -= EVERY


def _behind(rooms: tuple[str, ...], seq: int) -> Iterator[Past]:
    """The events of any of ``rooms`` behind ``seq``, each once and in order."""
    found: dict[int, Past] = {}
    for room in rooms:
        for envelope, at in socketio.history.dated_after(room, seq, AT_ONCE):
            found[envelope.seq or 0] = envelope, at
    return iter([found[number] for number in sorted(found)])


def _print(console: Console, envelope: Envelope, at: datetime, *, as_json: bool) -> None:
    if as_json:
        line: dict[str, Any] = {
            "offset": str(envelope.seq),
            "event": envelope.event,
            "rooms": envelope.rooms,
            "createdAt": iso(datetime.fromtimestamp(unix(at)).astimezone()),
            "payload": json.loads(envelope.payload),
        }
        click.echo(json.dumps(line))
        return
    moment = datetime.fromtimestamp(unix(at)).astimezone()
    text = Text.assemble(
        (f"{moment:%H:%M:%S.%f}"[:-3], "dim"),
        f"  {envelope.seq}  ",
        (envelope.event, "bold cyan"),
        (f"  {', '.join(envelope.rooms)}", "magenta"),
        f"  {envelope.payload}",
    )
    console.print(text)
