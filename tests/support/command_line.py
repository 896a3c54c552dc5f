"""The commands of ``flask``, run in the process."""

import json
from typing import Any

from click.testing import Result
from flask import Flask


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


def told(app: Flask, *arguments: str) -> Any:
    """What a command prints as JSON.

    :raises AssertionError: it exits with something else than 0
    """
    result = run(app, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
