"""What is left of the command line while the configuration can't be used: ``flask doctor``, which says why."""

import click
from flask import Flask
from flask.cli import AppGroup

from app.cli.checks import Check, failed
from app.cli.checks.machine import machine
from app.cli.doctor import report
from app.cli.options import json_option
from app.config import ConfigError


class DoctorAlone(AppGroup):
    """Refuses every other command with what is wrong."""

    def __init__(self, error: ConfigError) -> None:
        super().__init__()
        self._error = error
        self.add_command(_doctor(error))

    def get_command(self, context: click.Context, name: str) -> click.Command:
        """The command ``name``.

        Raises:
            ClickException: it needs a configuration.
        """
        command = super().get_command(context, name)
        if command is None:
            raise click.ClickException(f"The configuration can't be used: {self._error}")
        return command


def unconfigured(error: ConfigError) -> Flask:
    """An application that only the Flask CLI may be given: it serves nothing."""
    app = Flask("app")
    app.cli = DoctorAlone(error)
    return app


def _doctor(error: ConfigError) -> click.Command:
    @click.command("doctor")
    @json_option
    def doctor(*, as_json: bool) -> None:
        """Say what is wrong with the configuration, and check the machine."""
        wrong = [_wrong(problem) for problem in error.problems]
        report([*wrong, *machine()], as_json=as_json)

    return doctor


def _wrong(problem: str) -> Check:
    setting, _, found = problem.partition(" ")
    return failed(setting, found, "correct it; then the database and Redis can be checked, too")
