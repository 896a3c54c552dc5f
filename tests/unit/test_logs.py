"""How a line of the log looks."""

import json
import logging
import os
import pwd
import sys
from datetime import datetime
from typing import Any

import pytest
from redis import ConnectionError as RedisAway
from sqlalchemy.exc import OperationalError

from app.core.bounded_log import EVERY, BoundedLog
from app.core.cause import begin, caused, current_cause, current_operator, operated
from app.monitoring.logs import LONGEST, formatter


def rendered(
    message: str, *arguments: object, production: bool = True, error: Exception | None = None, **extra: Any
) -> str:
    """The text that is written of one record."""
    info: Any = None
    if error is not None:
        try:
            raise error
        except type(error):
            info = sys.exc_info()
    record = logging.LogRecord("app.part", logging.WARNING, "", 0, message, arguments, info)
    record.__dict__.update(extra)
    return formatter(production=production).format(record)


def line(*arguments: Any, **options: Any) -> dict[str, Any]:
    """One record as production has it."""
    text = rendered(*arguments, **options)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


# --- in production


def test_a_line_is_json_with_time_level_logger_and_what_happened() -> None:
    found = line("%s is late", "it")
    assert (found["event"], found["level"], found["logger"]) == ("it is late", "warning", "app.part")
    assert datetime.fromisoformat(found["timestamp"]).tzinfo is not None


def test_the_context_is_fields_of_the_line() -> None:
    found = line("joined", user_id="u", rooms=("a", "b"), seq=7)
    assert (found["user_id"], found["rooms"], found["seq"]) == ("u", ["a", "b"], 7)


def test_what_has_no_json_is_told_as_it_looks() -> None:
    assert line("x", thing={1, 2})["thing"] == "{1, 2}"


def test_an_exception_is_one_field() -> None:
    assert "Traceback (most recent call last):" in line("failed", error=ZeroDivisionError("x"))["exception"]


def test_a_line_names_what_caused_it() -> None:
    with caused("request-1"):
        assert line("x")["request_id"] == "request-1"
        assert line("x", request_id="another")["request_id"] == "another"
    assert "request_id" not in line("x")


# --- in both


@pytest.mark.parametrize("production", [True, False])
def test_what_a_client_sent_begins_no_line_of_its_own(production: bool) -> None:
    sent = "x\n2026-01-01 ERROR all is lost\x1b[31m\ud800"
    text = rendered("refused %s", sent, production=production, name_=sent)
    assert "\n" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("production", [True, False])
def test_what_a_client_sent_takes_no_more_than_a_bound(production: bool) -> None:
    assert len(rendered("refused %s", "x" * 10_000, production=production)) < LONGEST + 200


@pytest.mark.parametrize("production", [True, False])
def test_what_an_exception_says_begins_no_line_of_the_log(production: bool) -> None:
    text = rendered("failed", error=ValueError("x\n2026-01-01 ERROR all is lost\x1b[31m"), production=production)
    assert "all is lost" in text
    assert "\x1b" not in text
    first, *rest = text.splitlines()
    assert "failed" in first
    assert all(line.startswith("    ") for line in rest)


def test_what_has_no_json_loses_no_line() -> None:
    found = line("x", number=2**70, words=["\ud800"], both=["y" * 10_000] * 1_000, error=ValueError("\ud800"))
    assert found["number"] == 2**70
    assert len(str(found["both"])) < 100 * LONGEST


@pytest.mark.parametrize("production", [True, False])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("SELECT 1", {}, Exception("connection refused\nIs it running?")), "connection refused"),
        (RedisAway("Error 111 connecting"), "Error 111 connecting"),
    ],
)
def test_of_a_database_or_a_redis_that_is_away_there_is_no_traceback(
    error: Exception, said: str, production: bool
) -> None:
    text = rendered("something failed", error=error, production=production)
    assert said in text
    assert "Traceback" not in text
    assert "Is it running" not in text


def test_in_development_a_line_can_be_read() -> None:
    text = rendered("%s is late", "it", production=False, user_id="u")
    assert "it is late" in text
    assert "user_id=u" in text


# --- causes


def test_what_is_done_inside_of_something_is_caused_by_it_alone() -> None:
    with caused() as outer:
        with caused() as inner:
            assert current_cause() == inner != outer
        assert current_cause() == outer
    assert current_cause() == ""


def test_a_cause_ends_where_the_next_begins() -> None:
    begin("a")
    begin("")
    assert current_cause() == ""


def test_a_command_is_done_by_an_account_of_the_machine_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOGNAME", "somebody-else")
    with operated():
        assert current_operator() == f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
        assert current_cause()
    assert (current_operator(), current_cause()) == (None, "")


def test_an_account_without_a_name_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)
    with operated():
        assert current_operator() == f"cli:{2**31 - 7}"


# --- what clients can cause as often as they like


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[logging.LogRecord]:
    found: list[logging.LogRecord] = []
    monkeypatch.setattr(LOGGER, "handle", found.append)
    LOGGER.setLevel(logging.INFO)
    return found


LOGGER = logging.getLogger("tests.bounded")


def test_of_a_kind_there_is_a_line_a_second_that_says_how_many_were_left_out(
    lines: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("app.core.bounded_log.monotonic", lambda: now)
    log = BoundedLog(LOGGER)
    for _ in range(50):
        log("a", "refused", code="a")
    log("b", "refused", code="b")
    now += EVERY
    log("a", "refused", code="a")
    assert [(vars(line)["code"], vars(line).get("left_out")) for line in lines] == [("a", None), ("b", None), ("a", 49)]


def test_what_nobody_wants_to_read_is_not_counted(lines: list[logging.LogRecord]) -> None:
    LOGGER.setLevel(logging.WARNING)
    BoundedLog(LOGGER)("a", "refused")
    assert lines == []
