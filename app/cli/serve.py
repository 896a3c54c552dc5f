"""``python wsgi.py``: serve in the foreground; in development on a database that is made ready first."""

import signal
import sys

from flask import Flask
from flask_migrate import upgrade
from rich.console import Console
from sqlalchemy import select

from app.cli.demo import PASSWORD, USERS, seed
from app.config import Settings
from app.extensions import db, socketio
from app.people.models import User

MOST_CONNECTIONS = 10_000  # eventlet.wsgi's own bound is 1,024

console = Console(highlight=False)


def serve(app: Flask) -> None:
    """Serve until the process is told to stop."""
    settings: Settings = app.extensions["settings"]
    if not settings.production:
        with app.app_context():
            _prepare_development()
    try:
        listener = socketio.listen(settings.host, settings.port)
    except OSError as error:
        sys.exit(f"Can't listen at {settings.host}:{settings.port}: {error.strerror}. Set HOST or PORT to a free one.")
    socketio.start_relay()
    _greet(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: socketio.stop())
    socketio.serve(app, listener, MOST_CONNECTIONS)


def _prepare_development() -> None:
    upgrade()
    if db.session.scalar(select(User.id).limit(1)) is None:
        seed()


def _greet(settings: Settings) -> None:
    url = f"http://{settings.host}:{settings.port}"
    console.print(f"\n  [bold]Real-time task manager[/bold] at [bold]{url}[/bold]\n")
    if not settings.production:
        console.print(f"  Dashboard  {url}/dashboard")
        console.print(f"  API        {url}/api-docs")
        console.print(f"  Log in as  {', '.join(user.email for user in USERS)}", soft_wrap=True)
        console.print(f"  Password   {PASSWORD}\n")
