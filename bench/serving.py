"""Serves as ``python wsgi.py`` does, and logs when COMMIT returned, for each transaction that published something."""

import wsgi  # before all else: it patches the standard library

# isort: split
from collections.abc import Callable

from app.cli.serve import serve
from app.extensions import socketio
from bench.commits import write_down


def _noting(wake_relay: Callable[[], None]) -> Callable[[], None]:
    def noted() -> None:
        write_down()
        wake_relay()

    return noted


if __name__ == "__main__":
    socketio.outbox.on_commit = _noting(socketio.outbox.on_commit)
    serve(wsgi.app)
