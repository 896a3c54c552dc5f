"""``flask doctor``: is everything as it must be, and what to do if not."""

import sys
from typing import NoReturn

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.checks import Check, State
from app.cli.checks.database import database
from app.cli.checks.machine import machine
from app.cli.checks.redis import redis
from app.cli.checks.settings import settings
from app.cli.options import json_option
from app.config import current_settings
from app.core import json

COLOURS = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "bold red"}


@click.command("doctor")
@json_option
@with_appcontext
def doctor(*, as_json: bool) -> None:
    """Check the configuration, the database, Redis and the machine, and say what to fix.

    Exits with 1 when something failed: then the server does not work. What is a warning works, but not as it should.
    """
    configured = current_settings()
    checks = [*settings(configured), *database(configured), *redis(configured), *machine()]
    report(checks, as_json=as_json)


def report(checks: list[Check], *, as_json: bool) -> NoReturn:
    """Print ``checks``, and end the command."""
    if as_json:
        click.echo(json.dumps({"items": [check.model_dump(mode="json", by_alias=True) for check in checks]}))
    else:
        _print(checks)
    sys.exit(any(check.state is State.FAILED for check in checks))


def _print(checks: list[Check]) -> None:
    table = Table(title="Doctor", title_justify="left")
    for column in ("", "", "found", "to do"):
        table.add_column(column, overflow="fold")
    for check in checks:
        texts = (Text(text) for text in (check.name, check.found, check.advice))  # errors may hold brackets
        table.add_row(Text(check.state, COLOURS[check.state]), *texts)
    Console(highlight=False).print(table)
