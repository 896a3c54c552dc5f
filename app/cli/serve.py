"""``python wsgi.py``: serve in the foreground; in development on a database that is made ready first."""

import logging
import signal
import sys

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import upgrade
from rich.console import Console
from rich.markup import escape
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.cli import demo
from app.config import Settings
from app.extensions import db, socketio
from app.people.models import User

MOST_CONNECTIONS = 10_000  # eventlet.wsgi's own bound is 1,024
IDLE_SECONDS = 75  # as in gunicorn.conf.py; longer than nginx keeps a connection that it may write to

logger = logging.getLogger(__name__)
console = Console(highlight=False, soft_wrap=True)


def serve(app: Flask) -> None:
    """Serve until the process is told to stop."""
    settings: Settings = app.extensions["settings"]
    demo_data: dict[str, str] = {}
    if settings.production:
        check_tables(app)
    else:
        demo_data = _prepare_development(app)
    try:
        listener = socketio.listen(settings.host, settings.port)
    except OSError as error:
        sys.exit(f"Can't listen at {settings.host}:{settings.port}: {error.strerror}. Set HOST or PORT to a free one.")
    socketio.start_relay()
    _greet(settings, listener.getsockname()[1], demo_data)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: socketio.stop())
    socketio.serve(app, listener, MOST_CONNECTIONS, IDLE_SECONDS)


def check_tables(app: Flask) -> None:
    """Refuse to serve from tables that are missing or old; a database that is away may come back."""
    try:
        with app.app_context():
            if is_behind():
                sys.exit("The database has no tables, or old ones: run `make migrate`.")
    except OperationalError as error:
        logger.warning("The database can't be reached yet; until it can, requests get 503: %s", error.orig)


def _prepare_development(app: Flask) -> dict[str, str]:
    with app.app_context():
        try:
            upgrade()
        except OperationalError as error:
            sys.exit(f"The database can't be used: {error.orig}")
        if db.session.scalar(select(User.id).limit(1)) is None:
            demo.seed()
        return demo.description()


def is_behind() -> bool:
    """Whether migrations of this version are missing. A newer version's are none of its business."""
    scripts = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    with db.engine.connect() as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
    known = {script.revision for script in scripts.walk_revisions()}
    return current <= known and current != set(scripts.get_heads())


def _greet(settings: Settings, port: int, demo_data: dict[str, str]) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    if settings.production:  # where each line is for a program
        logger.info("serving at http://%s:%s", host, port)
        return
    url = escape(f"http://{host}:{port}")
    console.print(f"\n  [bold]Real-time task manager[/bold] at [bold]{url}[/bold]\n")
    for label, value in ({"Dashboard": f"{url}/dashboard", "API": f"{url}/api-docs"} | demo_data).items():
        console.print(f"  {label:<12}  {value}")
    console.print()
