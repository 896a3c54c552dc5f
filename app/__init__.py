"""The application factory."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from importlib import import_module
from typing import ParamSpec, TypeVar

from eventlet.patcher import is_monkey_patched
from flask import Flask
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from app.auth.guard import check_routes
from app.chat import typists
from app.cli.doctor import doctor
from app.cli.emit import emit
from app.cli.events import events as events_command
from app.cli.groups import departments, teams
from app.cli.listen import listen
from app.cli.load import load as load_command
from app.cli.push import push as push_command
from app.cli.seed import seed
from app.cli.sockets import connections, rooms
from app.cli.tokens import tokens
from app.cli.users import users
from app.config import ROOT, ConfigError, Settings
from app.core import assets, http, json, origins, postgresql
from app.core.database import configure_sqlite, writing
from app.core.rate_limits import RateLimits
from app.core.rate_windows import OwnWindows, RateWindows, SharedWindows
from app.engine import Application, Broker, History, Outbox, Presence, Sessions
from app.engine.brokers.local import LocalBroker
from app.engine.brokers.redis import RedisBroker
from app.engine.brokers.seal import Seal
from app.events.models import event_rooms, events, processes, sessions
from app.extensions import csrf, db, jwt, migrate, socketio
from app.monitoring import logs
from app.monitoring.setup import register_monitoring
from app.presence.watch import register_presence
from app.push.sender import Sender
from app.push.vapid import vapid_of
from app.push.worker import PushWorker
from app.realtime.command import register_commands
from app.realtime.controls import register_controls
from app.realtime.lifecycle import forget, owner_of, register_lifecycle, still_allowed
from app.reference import openapi

P = ParamSpec("P")
T = TypeVar("T")

ROUTES = (
    "auth",
    "people",
    "notifications",
    "chat",
    "tasks",
    "analytics",
    "presence",
    "push",
    "audit",
    "realtime",
    "monitoring",
    "reference",
    "dashboard",
)
COMMAND_LINE = (
    users,
    tokens,
    teams,
    departments,
    emit,
    listen,
    rooms,
    connections,
    events_command,
    push_command,
    seed,
    load_command,
    doctor,
)
COMMANDS = ("realtime", "chat", "presence")
SUBSCRIBERS = ("audit", "auth", "notifications", "tasks", "analytics", "push")


def create_app(settings: Settings) -> Flask:
    """Build the application.

    Args:
        settings: from :func:`app.config.load_settings`.

    Returns:
        An application that serves requests and accepts sockets. What is published is stored with its change; it is
        delivered once ``socketio.start_relay()`` was called in the process.

    Raises:
        ConfigError: there is no folder at ``instance_path``, and none can be made.
    """
    _make_folder(settings)
    app = Flask("app", root_path=str(ROOT), instance_path=str(settings.instance_path))
    app.config.from_mapping(_flask_config(settings))
    logs.configure(settings)
    app.extensions["settings"] = settings
    app.extensions["rate_limits"] = RateLimits(settings, _rate_windows(settings))
    for extension in (db, jwt, csrf):
        extension.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    http.init_app(app)
    assets.init_app(app, settings)
    allowed = origins.AllowedOrigins(settings.client_url)
    origins.init_app(app, allowed, settings.client_url)
    _init_delivery(app, settings, allowed)
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]
    _load_features(app)
    _init_push(app, settings)
    register_monitoring(app)
    openapi.init_app(app)
    check_routes(app)
    for command in COMMAND_LINE:
        app.cli.add_command(command)
    return app


def _make_folder(settings: Settings) -> None:
    try:
        settings.instance_path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"INSTANCE_PATH is no folder and can't be made one: {error}") from error


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.development_secret("secret_key"),
        "MAX_CONTENT_LENGTH": settings.max_body_bytes,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.production,
        "SQLALCHEMY_DATABASE_URI": settings.sqlalchemy_url,
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings),
        "WTF_CSRF_CHECK_DEFAULT": False,  # the API takes bearer tokens; forms check theirs themselves
        "WTF_CSRF_TIME_LIMIT": None,  # a CSRF token lives as long as its session: a dashboard stays open for days
        "JWT_SECRET_KEY": settings.development_secret("jwt_secret_key"),
        "JWT_PREVIOUS_SECRET_KEY": settings.jwt_previous_secret_key,
        "JWT_ALGORITHM": "HS256",
        "JWT_COOKIE_CSRF_PROTECT": False,  # no cookie carries a token, so none needs a csrf claim
        "JWT_ACCESS_TOKEN_EXPIRES": settings.access_lifetime,
        "JWT_REFRESH_TOKEN_EXPIRES": settings.refresh_lifetime,
        "JWT_ENCODE_ISSUER": "realtime-task-manager",
        "JWT_DECODE_ISSUER": "realtime-task-manager",
        "JWT_ENCODE_AUDIENCE": "realtime-task-manager",
        "JWT_DECODE_AUDIENCE": "realtime-task-manager",
    }


def _engine_options(settings: Settings) -> dict[str, object]:
    common = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 1, "hide_parameters": True}  # they hold e-mails
    if settings.sqlalchemy_url.startswith("sqlite"):
        return common | {"connect_args": {"check_same_thread": False}}
    options = "-c timezone=UTC"
    if is_monkey_patched("psycopg"):
        options += f" -c statement_timeout={postgresql.STATEMENT_MS}"
    return common | {"pool_pre_ping": True, "connect_args": {"options": options, "connect_timeout": 5}}


def _init_delivery(app: Flask, settings: Settings, allowed: origins.AllowedOrigins) -> None:
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        configure_sqlite(engine)
    elif is_monkey_patched("psycopg"):  # else nothing waits by way of eventlet: the Flask CLI
        postgresql.bound_waits()
    begin = _write_connections(engine)
    history = History(events, event_rooms, engine.begin, begin, settings.history_kept)
    socketio.init_app(
        app,
        broker=_broker(settings, history),
        async_mode="eventlet",
        json=json,
        cors_allowed_origins=allowed,
        manage_session=False,
        max_http_buffer_size=settings.max_message_bytes,
        max_outbox_bytes=settings.max_outbox_bytes,
        max_connections_per_address=settings.connections_per_address,
        connect_timeout=settings.connect_seconds,
        request_timeout=settings.request_seconds,
        ping_interval=settings.ping_interval_seconds,
        ping_timeout=settings.ping_timeout_seconds,
        drain_seconds=settings.drain_seconds,
    )
    socketio.use_outbox(Outbox(events, event_rooms), engine.begin, begin)
    store = Sessions(sessions, processes, begin, settings.recovery_window)
    socketio.use_recovery(
        history,
        store,
        Presence(sessions, processes, store.process, engine.begin),
        Application(
            authenticate=_in_context(app, owner_of),
            allowed=_in_context(app, still_allowed),
            here=typists.tell_all_who_type,
            gone=forget,
        ),
    )


def _init_push(app: Flask, settings: Settings) -> None:
    vapid = vapid_of(settings)
    app.extensions["vapid"] = vapid
    if vapid is not None:
        worker = PushWorker(app, Sender(vapid, loopback=not settings.production))
        app.extensions["push_worker"] = worker
        socketio.in_background(worker.run)


def _broker(settings: Settings, history: History) -> Broker:
    if settings.redis_url:
        return RedisBroker(settings.redis_url, settings.broker_key, history)
    return LocalBroker(history)


def _rate_windows(settings: Settings) -> RateWindows:
    if settings.redis_url:
        return SharedWindows(settings.redis_url, f"realtime:{Seal(settings.broker_key).fingerprint}:limits")
    return OwnWindows()


def _in_context(app: Flask, function: Callable[P, T]) -> Callable[P, T]:
    """``function``, with the application's context around it: the engine, which calls it, knows of none."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        with app.app_context():
            return function(*args, **kwargs)

    return call


def _write_connections(engine: Engine) -> Callable[[], AbstractContextManager[Connection]]:
    @contextmanager
    def begin() -> Iterator[Connection]:
        with Session(engine) as session, writing(session) as connection:
            yield connection
            session.commit()

    return begin


def _load_features(app: Flask) -> None:
    for feature in ROUTES:
        app.register_blueprint(import_module(f"app.{feature}.routes").bp)
    for feature in SUBSCRIBERS:
        import_module(f"app.{feature}.subscribers")
    for feature in COMMANDS:
        import_module(f"app.{feature}.commands")
    register_lifecycle()
    register_commands()
    register_controls(app)
    register_presence(app)
