"""Rooms of a running server, heard as a client hears them, over as many links as it takes."""

from collections.abc import Callable, Iterator
from time import sleep
from typing import Any

import click

from app.cli.heard import Heard
from app.cli.link import Link, LinkBroken, Refused, TimeUp
from app.engine.offsets import Offset
from app.events.connection import ErrorEvent
from app.events.rooms import parse_room

RETRY = 1.0  # seconds between two tries to reach the server


class Following:
    """Rooms, and how far each was heard: after a link broke, the next one goes on from there.

    Args:
        url: of the server.
        rooms: their names.
        after: the offset behind which to begin; None: with what comes from now on.
        token: makes an access token, anew for each link.
        deadline: by :func:`time.monotonic`; infinity for none.
    """

    def __init__(
        self, url: str, rooms: tuple[str, ...], after: int | None, token: Callable[[], str], deadline: float
    ) -> None:
        self._url = url
        self._since = dict.fromkeys(rooms, None if after is None else str(after))
        self._token = token
        self._deadline = deadline

    def events(self) -> Iterator[Heard]:
        """The events of the rooms, until the deadline. What is wrong with the link is told to the terminal.

        Raises:
            ClickException: the server could not be reached at first, or does not let the client hear a room.
        """
        reached = told = False
        while True:
            try:
                with Link(self._url, self._token(), self._deadline) as link:
                    for heard in self._hear(link):
                        reached, told = True, False
                        if heard is not None:
                            yield heard
            except TimeUp:
                return
            except Refused as error:
                raise click.ClickException(str(error)) from error
            except LinkBroken as error:
                if not reached:
                    text = f"No server answers at {self._url}: {error}. Start it, or name another with --url."
                    raise click.ClickException(text) from error
                if not told:
                    click.echo(f"The link broke ({error}); trying again …", err=True)
                told = True
                sleep(RETRY)

    def _hear(self, link: Link) -> Iterator[Heard | None]:
        """Each event; None for each room that was entered."""
        rooms, joined = list(self._since), []
        for number, room in enumerate(rooms):
            link.emit(number, *self._join(room))
        for answered, heard in link.hear():
            if answered is not None:
                joined.append(rooms[answered])
                self._entered(rooms[answered], heard[0])
                yield None
                continue
            name, payload, *offset = heard
            if name == ErrorEvent.name:
                raise LinkBroken(payload["message"].rstrip("."))  # the server disconnects behind it
            # A room whose replay has not begun stays where it was.
            self._since.update(dict.fromkeys(joined, offset[0]) if offset else {})
            yield Heard(_number(offset[0]) if offset else "", name, payload)

    def _join(self, room: str) -> tuple[Any, ...]:
        parsed, since = parse_room(room), self._since[room]
        assert parsed is not None, room  # noqa: S101 - it was checked with the arguments
        kind, id = parsed
        return (f"join-{kind}", id, {"since": since}) if since is not None else (f"join-{kind}", id)

    def _entered(self, room: str, answer: dict[str, Any]) -> None:
        if not answer["ok"]:
            raise click.ClickException(f"{room}: {answer['error']['message']}")
        if answer.get("gap"):
            click.echo(f"{room}: the history does not reach back to {self._since[room]}.", err=True)
        if self._since[room] is None or answer.get("gap"):
            self._since[room] = answer["offset"]


def _number(text: str) -> str:
    """The event's own number, as the event table has it: of one that is replayed, how far the replay has come."""
    offset = Offset.parse(text)
    return text if offset is None or offset.room is None else str(offset.reached)
