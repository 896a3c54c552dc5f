"""The commands of ``flask``, run in the process."""

import json
from typing import Any

from click.testing import Result
from flask import Flask


def run(app: Flask, *arguments: str, typed: str = "") -> Result:
    """
    :param typed: what is entered where the command asks
    """
    return app.test_cli_runner().invoke(args=list(arguments), input=typed)


def told(app: Flask, *arguments: str, typed: str = "") -> Any:
    """What a command prints as JSON; for the arguments see :func:`run`.

    :raises AssertionError: it exits with something else than 0
    """
    result = run(app, *arguments, "--json", typed=typed)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
