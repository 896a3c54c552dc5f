"""What a push service's answer means, and when to try again."""

from datetime import UTC, datetime

import pytest

from app.push.retries import JITTER, LONGEST_WAIT, Result, parse_retry_after, result_of, seconds_to_wait

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        *[(status, Result.SENT) for status in (200, 201, 202, 204)],
        *[(status, Result.GONE) for status in (404, 410)],
        *[(status, Result.RETRIED) for status in (408, 429, 500, 502, 503)],
        *[(status, Result.REFUSED) for status in (301, 307, 400, 401, 403, 413)],
    ],
)
def test_an_answer_has_one_meaning(status: int, result: Result) -> None:
    assert result_of(status) is result


def test_each_wait_is_twice_as_long_as_the_one_before() -> None:
    for attempt, least in enumerate((30, 60, 120, 240), 1):
        assert least <= seconds_to_wait(attempt, 30) <= least * (1 + JITTER)


def test_what_failed_together_does_not_come_again_together() -> None:
    assert len({seconds_to_wait(1, 30) for _ in range(20)}) > 1


@pytest.mark.parametrize(("asked", "least"), [(10.0, 30.0), (90.0, 90.0)])
def test_one_waits_as_long_as_was_asked_for_and_no_less_than_else(asked: float, least: float) -> None:
    assert least <= seconds_to_wait(1, 30, asked) <= least * (1 + JITTER)


@pytest.mark.parametrize(("attempt", "asked"), [(1, 1e9), (40, None), (10_000, 0.0)])
def test_no_wait_is_longer_than_an_hour(attempt: int, asked: float | None) -> None:
    assert seconds_to_wait(attempt, 30, asked) == LONGEST_WAIT == 3600


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sat, 31 Jan 2026 12:01:30 GMT", 90.0),
        ("Sat, 31 Jan 2026 11:00:00 GMT", 0.0),
        ("Sat, 31 Jan 2026 12:01:30 -0000", None),  # says no zone
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


def test_a_number_that_never_ends_is_a_large_one() -> None:
    assert (parse_retry_after("9" * 5000, NOW) or 0) > LONGEST_WAIT
