"""What is logged, and how it looks."""

import logging
from typing import Any

from redis import RedisError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.config import Settings
from app.core.errors import Unavailable

AWAY = (OperationalError, PoolTimeout, RedisError, TimeoutError, Unavailable)
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class OneLine(logging.Formatter):
    """A line a record: what a client sent can't begin another. Tracebacks, which are ours, stay as they are.

    Of a database or a Redis that is away there is none, only what it said: it is found so again and again.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is the standard library's
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is the standard library's
        error = ei[1]
        if isinstance(error, AWAY):
            return f"{type(error).__name__}: {error}".partition("\n")[0]
        return super().formatException(ei)


def configure(settings: Settings) -> None:
    """Log warnings and what is worse; with REALTIME_DEBUG each connect, join, emit, ack and disconnect, too."""
    logger = logging.getLogger("app")
    logger.setLevel(logging.DEBUG if settings.realtime_debug else logging.WARNING)
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(OneLine(FORMAT))
        logger.addHandler(handler)
        logger.propagate = False
