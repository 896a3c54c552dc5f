"""Refused tokens and logins are counted: many at once are an attack, or a clock that is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from app.core import metrics
from app.core.errors import AppError


@contextmanager
def counting_failures(where: Literal["login", "http", "socket"]) -> Iterator[None]:
    """Count what is refused inside the block because nobody showed who they are, and let it pass on."""
    try:
        yield
    except AppError as error:
        if error.status == 401:
            metrics.AUTH_FAILURES.labels(where, error.code).inc()
        raise
