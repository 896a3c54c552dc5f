"""The machine and the worker: is there room for as many connections, and does the event loop scale to them."""

import resource
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from eventlet import hubs

from app.cli.checks import Check, failed, ok, warning
from app.cli.serve import MOST_CONNECTIONS
from app.engine.listener import BACKLOG, OTHER_FILES

SOMAXCONN = Path("/proc/sys/net/core/somaxconn")


def machine() -> Iterator[Check]:
    """Check what this machine lets a process do."""
    yield _worker()
    yield _hub()
    yield _files()
    if SOMAXCONN.exists():
        yield _backlog(int(SOMAXCONN.read_text()))


def _worker() -> Check:
    try:
        import_module("gunicorn_worker")
    except ImportError as error:
        return failed("gunicorn's worker", str(error), "make setup, and start gunicorn in the folder of wsgi.py")
    return ok("gunicorn's worker", "gunicorn_worker.EventletWorker")


def _hub() -> Check:
    name = hubs.get_default_hub().__name__.rpartition(".")[2]
    if name in ("epolls", "kqueue"):
        return ok("event loop", name)
    return warning("event loop", name, "it slows down with each connection: run on Linux, BSD or macOS")


def _files() -> Check:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = MOST_CONNECTIONS + OTHER_FILES
    if most == resource.RLIM_INFINITY or most >= needed:
        return ok("open files", "no limit" if most == resource.RLIM_INFINITY else f"{most:,}")
    advice = (
        f"enough for {max(0, most - OTHER_FILES):,} connections: LimitNOFILE={needed} in systemd, ulimit -Hn {needed}"
    )
    return warning("open files", f"{most:,}", advice)


def _backlog(most: int) -> Check:
    if most >= BACKLOG:
        return ok("net.core.somaxconn", f"{most:,}")
    advice = f"handshakes are dropped when thousands come back at once: sysctl -w net.core.somaxconn={BACKLOG}"
    return warning("net.core.somaxconn", f"{most:,}", advice)
