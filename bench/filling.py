"""A worker of the product, which serves nothing: fills the database with tasks, so many of them of each user named.

``python -m bench.filling TOTAL ID=COUNT …``
"""

import wsgi  # before all else: it patches the standard library

# isort: split
import sys

from app.extensions import db
from tests.support.many_tasks import analyze, fill

if __name__ == "__main__":
    _, total, *own = sys.argv
    with wsgi.app.app_context(), db.engine.begin() as connection:
        fill(connection, {id: int(count) for id, count in (of.split("=") for of in own)}, int(total))
        analyze(connection)
