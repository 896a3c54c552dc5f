"""The entry point: ``python wsgi.py`` serves; a WSGI server, and the Flask CLI, import ``app``."""

import gc
import sys
import warnings

with warnings.catch_warnings(action="ignore"):  # that eventlet is kept up for fixes alone, docs/architecture.md weighs
    gc.disable()  # until all is made: none of it is garbage, and looking for some took a fifth of the time
    import eventlet

if "flask" not in sys.modules:  # the Flask CLI serves nothing, and what it has imported can't be patched any more
    eventlet.monkey_patch()

import click

from app import create_app
from app.cli.unconfigured import unconfigured
from app.config import ConfigError, load_settings

context = click.get_current_context(silent=True)
if context is not None and context.info_name == "run":
    sys.exit("`flask run` does not serve WebSockets here. Use `make run`, or `python wsgi.py`.")

try:
    app = create_app(load_settings())
except ConfigError as error:
    if context is None or context.parent is not None:  # else the Flask CLI asks which commands there are
        sys.exit(f"The configuration can't be used: {error}")
    app = unconfigured(error)

if eventlet.patcher.is_monkey_patched("socket"):
    gc.freeze()  # a command does not: at its end the collector closes the database that it left open
gc.enable()

if __name__ == "__main__":
    from app.cli.serve import serve

    serve(app)
