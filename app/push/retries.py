"""What the answer of a push service means, and how long to wait before the next try."""

import random
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

LONGEST_WAIT = 3600.0  # seconds, whatever a push service asks for
DOUBLINGS = 30  # more would only overflow
JITTER = 0.25  # so that what failed together does not come again together


class Result(StrEnum):
    """What came of a push."""

    SENT = "sent"
    SEEN = "seen"  # nothing was sent: it was read, or the user is there
    GONE = "gone"  # so is the subscription
    REFUSED = "refused"
    RETRIED = "retried"
    GIVEN_UP = "given_up"


def result_of(status: int) -> Result:
    """What a push service's answer means (RFC 8030, sections 5 and 7.3)."""
    if 200 <= status < 300:
        return Result.SENT
    if status in (404, 410):
        return Result.GONE
    if status in (408, 429) or status >= 500:
        return Result.RETRIED
    return Result.REFUSED  # a redirect too: it could lead anywhere


def seconds_to_wait(failures: int, first: float, retry_after: float | None = None) -> float:
    """How long to leave a device alone: after each failure twice as long, and as long as was asked for.

    Args:
        failures: how many there were, one after the other.
        first: seconds to wait after the first.
        retry_after: seconds that the push service asked for.
    """
    doubled = 2.0 ** min(failures - 1, DOUBLINGS)
    backoff = first * doubled * random.uniform(1, 1 + JITTER)  # noqa: S311 - no secret
    return min(max(backoff, retry_after or 0), LONGEST_WAIT)


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """The seconds that the header ``Retry-After`` says (RFC 9110, section 10.2.3); None when it says nothing usable."""
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdecimal():
        return float(text.strip()[:9])
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
