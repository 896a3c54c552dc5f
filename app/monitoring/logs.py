"""What is logged, and how it looks."""

import logging

from app.config import Settings

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class OneLine(logging.Formatter):
    """A line a record: what a client sent can't begin another. Tracebacks, which are ours, stay as they are."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is the standard library's
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)


def configure(settings: Settings) -> None:
    """Log warnings and what is worse; with REALTIME_DEBUG each connect, join, emit, ack and disconnect, too."""
    logger = logging.getLogger("app")
    logger.setLevel(logging.DEBUG if settings.realtime_debug else logging.WARNING)
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(OneLine(FORMAT))
        logger.addHandler(handler)
        logger.propagate = False
