"""``flask listen``: tails rooms in the terminal."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep

import click
from flask.cli import with_appcontext

from app.auth import service as auth
from app.auth.schemas import stored_email
from app.auth.tokens import access_token
from app.cli.errors import explained
from app.cli.following import Following
from app.cli.heard import Heard, begin_behind, rooms_argument, show, stored_behind
from app.cli.options import OFFSET, Url, json_option
from app.core.transaction import transaction
from app.extensions import socketio
from app.people.service import registered

EVERY = 0.3  # seconds between two looks


@click.command("listen")
@rooms_argument
@click.option("--after", type=OFFSET, help="Begin behind this offset; unless given, with what comes now.")
@click.option("--url", type=Url(), help="Hear a running server, as a client of it.")
@click.option("--as", "email", help="With --url: as the user with this e-mail address, by a login made for it.")
@click.option("--token", help="With --url: by this access token; it ends with the token.")
@click.option("--seconds", type=float, help="End after so many; unless given, at Ctrl-C.")
@json_option
@with_appcontext
def listen(
    *, rooms: tuple[str, ...], after: int | None, seconds: float | None, as_json: bool, **client: str | None
) -> None:
    """Print the events of ROOMS as they come, such as team-<id>, tasks-<id>, chat-<id>.

    Unless --url is given, they are read from the event table: no server need run, no token is needed, and none is
    missed. Typing and presence are not stored, and so not heard. With --url they are what a client of that server
    hears, typing and presence among them; after a broken link it goes on behind what it heard.
    """
    url, email, token = client["url"], client["email"], client["token"]
    if (url is None) != (email is None and token is None) or (email and token):
        raise click.UsageError("--url goes with one of --as and --token.")
    deadline = float("inf") if seconds is None else monotonic() + seconds
    with suppress(KeyboardInterrupt), explained():
        if url is None:
            _print(_stored(rooms, after, deadline), as_json=as_json)
        else:
            with _tokens(email, token) as make:
                _print(Following(url, rooms, after, make, deadline).events(), as_json=as_json)


def _print(events: Iterator[Heard], *, as_json: bool) -> None:
    for heard in events:
        show(heard, as_json=as_json)


def _stored(rooms: tuple[str, ...], after: int | None, deadline: float) -> Iterator[Heard]:
    seq = socketio.history.kept().newest if after is None else begin_behind(after)
    while (found := stored_behind(rooms, seq)) or monotonic() < deadline:
        yield from found
        if found:
            seq = int(found[-1].offset)
        else:
            sleep(EVERY)


@contextmanager
def _tokens(email: str | None, token: str | None) -> Iterator[Callable[[], str]]:
    """What makes a token for each link; the login that was made for it ends with the block."""
    if email is None:
        yield lambda: token or ""
        return
    login = auth.begin_login_for(registered(stored_email(email)))
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # that, too, shall end the login
    try:
        yield lambda: access_token(login)
    finally:
        signal.signal(signal.SIGTERM, before)
        with transaction() as tx:
            auth.end_logins(tx, [login.id], "It was made for a command that has ended.")
