"""Refused tokens and logins are counted: many at once are an attack, or a clock that is wrong."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from app.core import metrics
from app.core.bounded_log import BoundedLog
from app.core.errors import AppError

failures = BoundedLog(logging.getLogger(__name__))


@contextmanager
def counting_failures(where: Literal["login", "http", "socket"]) -> Iterator[None]:
    """Count what is refused inside the block because nobody showed who they are, and let it pass on."""
    try:
        yield
    except AppError as error:
        if error.status == 401:
            metrics.AUTH_FAILURES.labels(where, error.code).inc()
            failures((where, error.code), f"{where} refused", code=error.code, reason=error.message)
        raise
