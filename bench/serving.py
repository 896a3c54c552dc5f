"""Serves as ``python wsgi.py`` does, and logs when COMMIT returned, for each transaction of a request."""

import wsgi  # before all else: it patches the standard library

# isort: split
from sqlalchemy import event

from app.cli.serve import serve
from app.extensions import db
from bench.commits import write_down

if __name__ == "__main__":
    event.listen(db.session, "after_commit", write_down)  # the relay and the sessions have connections of their own
    serve(wsgi.app)
