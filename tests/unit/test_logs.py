"""What becomes of an exception in the log."""

import logging
import sys

import pytest
from redis import ConnectionError as RedisAway
from sqlalchemy.exc import OperationalError

from app.monitoring.logs import FORMAT, OneLine


def logged(error: Exception, message: str = "something failed") -> list[str]:
    """The lines that are written of ``error``, by who caught it."""
    try:
        raise error
    except type(error):
        record = logging.LogRecord("app", logging.ERROR, "", 0, message, (), sys.exc_info())
    return OneLine(FORMAT).format(record).splitlines()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            OperationalError("SELECT 1", {}, Exception("connection refused\nIs the server running?")),
            "connection refused",
        ),
        (RedisAway("Error 111 connecting"), "Error 111 connecting"),
    ],
)
def test_a_database_or_a_redis_that_is_away_is_told_of_without_a_traceback(error: Exception, line: str) -> None:
    first, second = logged(error)
    assert first.endswith("something failed")
    assert second.endswith(line)


def test_any_other_exception_comes_with_its_traceback() -> None:
    assert "Traceback (most recent call last):" in logged(ZeroDivisionError())


def test_what_a_client_sent_begins_no_line_of_its_own() -> None:
    (line, *_) = logged(ZeroDivisionError(), "refused x\n2026-01-01 ERROR all is lost")
    assert line.endswith("refused x\\n2026-01-01 ERROR all is lost")
