"""What ``flask listen`` and ``flask events replay`` print: a line an event, and where they read stored ones from."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from app.core import json
from app.core.clock import iso, now
from app.engine.clock import unix
from app.events.rooms import RoomKind, parse_room
from app.extensions import socketio

AT_ONCE = 500  # events of a room in one look

rooms_argument = click.argument("rooms", nargs=-1, required=True, callback=lambda *given: _rooms(given[-1]))


@dataclass(frozen=True)
class Heard:
    """One event.

    Attributes:
        offset: behind which one goes on; empty where it has none.
        stored: when it was published and in which rooms, as the event table says; a client is told neither.
    """

    offset: str
    event: str
    payload: Any
    stored: tuple[datetime, tuple[str, ...]] | None = None


def stored_behind(rooms: Collection[str], seq: int) -> list[Heard]:
    """The next events of any of ``rooms`` behind the number ``seq``, each once and in order."""
    found = {}
    reached = None  # of a room that has more than one look shows, nothing behind that look is known
    for room in rooms:
        page = socketio.history.dated_after(room, seq, AT_ONCE)
        found.update({envelope.seq or 0: (envelope, at) for envelope, at in page})
        if len(page) == AT_ONCE:
            last = page[-1][0].seq or 0
            reached = last if reached is None else min(reached, last)
    return [
        Heard(str(number), envelope.event, json.loads(envelope.payload), (_aware(at), envelope.rooms))
        for number, (envelope, at) in sorted(found.items())
        if reached is None or number <= reached
    ]


def begin_behind(after: int) -> int:
    """``after``, if the history reaches back to it; else where it begins, and the terminal is told so."""
    kept = socketio.history.kept()
    if after < kept.floor:
        click.echo(f"What is older than offset {kept.floor + 1} is no longer kept.", err=True)
    return max(after, kept.floor)


def show(heard: Heard, *, as_json: bool) -> None:
    """Print ``heard``: for people in colours, or as one line of JSON."""
    if as_json:
        line: dict[str, Any] = {"offset": heard.offset, "event": heard.event, "payload": heard.payload}
        if heard.stored:
            at, rooms = heard.stored
            line |= {"rooms": rooms, "createdAt": iso(at)}
        click.echo(json.dumps(line))
        return
    at, rooms = heard.stored or (now(), ())
    text = Text.assemble((f"{at.astimezone():%H:%M:%S.%f}"[:-3], "dim"), f"  {heard.offset or '-'}  ")
    text.append(heard.event, "bold cyan")
    text.append(f"  {', '.join(rooms)}" if rooms else "", "magenta")
    text.append(f"  {json.dumps(heard.payload)}")
    Console(highlight=False, soft_wrap=True).print(text)


def _aware(at: datetime) -> datetime:
    return datetime.fromtimestamp(unix(at)).astimezone()


def _rooms(rooms: tuple[str, ...]) -> tuple[str, ...]:
    for room in rooms:
        if parse_room(room) is None:
            kinds = ", ".join(f"{kind}-…" for kind in RoomKind)
            raise click.UsageError(f"{room} is no room; there are {kinds}")
    return rooms
