"""What ``flask load`` refuses before it begins."""

import pytest
from flask import Flask

from tests.support.command_line import run


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rate", "nan"), "nan is not a number"),
        (("--bound", "nan"), "nan is not a number"),
        (("--bound", "-1"), "is not in the range"),
        (("--url", "ftp://127.0.0.1:1"), "is no URL such as"),
        (("--url", "http://127.0.0.1:notaport"), "is no URL such as"),
        (("--report", "/nowhere/load.html"), "No such file or directory"),
    ],
)
def test_what_can_not_be(app: Flask, options: tuple[str, ...], said: str) -> None:
    result = run(app, "load", *options)
    assert (result.exit_code, said in result.output) == (2, True), result.output


def test_more_connections_than_the_server_lets_in(app: Flask) -> None:
    result = run(app, "load", "--connections", "201", "--rooms", "4", "--rate", "1")
    assert result.exit_code == 1
    assert "4 users at one address may have 200 connections by CONNECTIONS_PER_USER=50" in result.output
