"""Serves as ``python wsgi.py`` does, and logs when COMMIT returned, for each request that published something.

Presence publishes, too, in the background: that is not counted.
"""

import wsgi  # before all else: it patches the standard library

# isort: split
from collections.abc import Callable

from flask import has_request_context

from app.cli.serve import serve
from app.extensions import socketio
from bench.commits import write_down


def _noting(wake_relay: Callable[[], None]) -> Callable[[], None]:
    def noted() -> None:
        if has_request_context():
            write_down()
        wake_relay()

    return noted


if __name__ == "__main__":
    socketio.outbox.on_commit = _noting(socketio.outbox.on_commit)
    serve(wsgi.app)
