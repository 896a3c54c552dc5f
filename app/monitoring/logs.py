"""What is logged, and how it looks: JSON in production, lines to read in development.

All of it is logged with the standard library, so that the engine needs nothing else; structlog renders it.
"""

import logging
import sys
import traceback
from typing import Any

import structlog
from redis import RedisError
from structlog.typing import EventDict, Processor

from app.config import Settings
from app.core.cause import current_cause
from app.core.database import is_away
from app.core.errors import Unavailable

AWAY = (RedisError, TimeoutError, Unavailable)
HANDLER = logging.StreamHandler()
MOST_LINES = 100  # of a traceback: the last ones
MOST_ITEMS = 50  # of a list
LONGEST = 500  # characters of a text, which a client may have sent


def configure(settings: Settings) -> None:
    """Log as the settings say: ``LOG_LEVEL`` and what is worse; with ``REALTIME_DEBUG`` everything.

    Of libraries there are warnings and what is worse, which look like the rest.
    """
    logging.getLogger("app").setLevel(logging.DEBUG if settings.realtime_debug else settings.log_level)
    logging.getLogger().addHandler(HANDLER)  # once, however often it is asked to
    logging.captureWarnings(settings.production)
    HANDLER.setFormatter(formatter(production=settings.production, colours=sys.stderr.isatty()))


def formatter(*, production: bool, colours: bool = False) -> logging.Formatter:
    """Renders a record in one line: what a client sent can't begin another. Tracebacks, which are ours, take more, but
    not in production.

    Args:
        production: as JSON, for machines.
        colours: for a terminal.
    """
    render: Processor = (
        structlog.processors.JSONRenderer()
        if production
        else structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), _name, structlog.stdlib.add_log_level],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.TimeStamper("iso", utc=True),
            _cause,
            _bound,
            _exception,
            render,
        ],
    )


def _name(_: Any, __: str, line: EventDict) -> EventDict:
    line["logger"] = line["_record"].name
    return line


def _cause(_: Any, __: str, line: EventDict) -> EventDict:
    cause = current_cause()
    if cause:
        line.setdefault("request_id", cause)
    return line


def _exception(_: Any, __: str, line: EventDict) -> EventDict:
    """An exception as text. Of a database or a Redis that is away only what it said: it is found so again and again."""
    info = line.pop("exc_info", None)
    if info:
        error = info[1]
        if isinstance(error, AWAY) or is_away(error):
            line["exception"] = _shown(f"{type(error).__name__}: {error}".partition("\n")[0])
        else:
            lines = "".join(traceback.format_exception(error)).splitlines()[-MOST_LINES:]
            line["exception"] = "\n".join(f"    {_shown(text)}" for text in lines)  # no other line begins so
    return line


def _bound(_: Any, __: str, line: EventDict) -> EventDict:
    for key, value in line.items():
        if isinstance(value, str):
            line[key] = _shown(value)
        elif isinstance(value, list | tuple) and key != "exc_info":
            line[key] = [_shown(str(item)) for item in value[:MOST_ITEMS]]
    return line


def _shown(text: str) -> str:
    """``text`` without what ends a line or steers a terminal, and no longer than may be."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return cut if cut.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)
