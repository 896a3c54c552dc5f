"""``gunicorn wsgi:app``: one process; docs/deployment.md tells how several work together."""

import os
import sys
from typing import Any

import structlog
from gunicorn.arbiter import Arbiter

# Not from app.config: gunicorn's main process must not import the application.
_host = os.environ.get("HOST") or "127.0.0.1"
bind = f"{f'[{_host}]' if ':' in _host else _host}:{os.environ.get('PORT') or 3000}"

worker_class = "gunicorn_worker.EventletWorker"
workers = 1
worker_connections = 10_000
keepalive = 75  # seconds; longer than nginx keeps an idle connection, so that it never writes to one that closes
graceful_timeout = 30  # seconds for DRAIN_SECONDS, which is 20 at the most, and for requests under way
sendfile = False  # it would write past eventlet's sockets
secure_scheme_headers: dict[str, str] = {}  # whom to believe is said by TRUSTED_PROXIES alone
control_socket_disable = True

if os.environ.get("APP_ENV") == "production":  # its own lines look like those of app/monitoring/logs.py
    logconfig_dict = {
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [structlog.stdlib.add_logger_name, structlog.stdlib.add_log_level],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.TimeStamper("iso", utc=True),
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {"gunicorn.error": {"handlers": ["stderr"], "propagate": False}},
        "root": {"handlers": []},  # the application brings its own
    }


def post_worker_init(worker: Any) -> None:
    """Refuse tables that are missing or old, as ``python wsgi.py`` does, rather than start anew for ever."""
    from app.cli.serve import check_tables  # noqa: PLC0415 - in the worker, which is patched by now

    try:
        check_tables(worker.wsgi)
    except SystemExit as refusal:
        print(refusal.code, file=sys.stderr)  # noqa: T201
        sys.exit(Arbiter.WORKER_BOOT_ERROR)


def on_starting(server: Any) -> None:
    """Refuse what would not do what it says.

    Several workers would share a port, and a polling client has to come back to its own process. Another worker
    class serves no WebSockets. Ours speaks no TLS, and would serve what is meant to be secret in clear text.
    """
    if server.cfg.is_ssl:
        sys.exit("No certificate here: TLS ends at the proxy (docs/deployment.md).")
    if server.cfg.worker_class_str != worker_class:
        sys.exit(f"WebSockets take worker_class {worker_class}, not {server.cfg.worker_class_str}: leave out -k.")
    if server.cfg.workers != 1:
        sys.exit("Only one worker a process: start several processes, each on a port of its own (docs/deployment.md).")
