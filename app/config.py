"""Settings: the only reader of the environment.

Each field is read from the environment variable of the same name in capitals; its unit stands beside it.
Production refuses to start on a setting that would let people in who don't belong there.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from flask import current_app
from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from redis.connection import parse_url
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 32  # characters; RFC 7518, section 3.2: an HS256 key has at least 256 bits
FEWEST_CHARACTERS = 8  # different ones in a secret
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+")  # RFC 6454, section 6.2
CONTACT = re.compile(r"mailto:[^@\s]+@[\w-]+(\.[\w-]+)*")  # RFC 8292, section 2.1
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # private keys are below it
DATABASES = {"sqlite", "postgres", "postgresql", "postgresql+psycopg2"}
KNOWN_SECRETS = frozenset({"secret", "changeme", "change-me", "dev", "development", "password", "test"})


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _new_secret() -> str:
    return secrets.token_urlsafe(48)


class ConfigError(Exception):
    """The environment can't be used; each of ``problems`` names a setting and what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """Everything that may differ from one deployment to the next."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, allow_inf_nan=False)

    app_env: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(3000, ge=0, le=65535)
    client_url: Annotated[list[str], NoDecode, BeforeValidator(_split)] = ["http://localhost:3000"]
    database_url: str = ""
    redis_url: str = ""
    instance_path: Path = ROOT / "instance"
    trusted_proxies: int = Field(0, ge=0)
    audit_days: float = Field(365, gt=0, le=36_600)  # that entries of the audit trail are kept
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    realtime_debug: bool = False

    secret_key: str = Field("", validate_default=True)
    jwt_secret_key: str = Field("", validate_default=True)
    jwt_previous_secret_key: str = ""
    jwt_access_minutes: float = Field(15, gt=0, le=527_040)
    jwt_refresh_days: float = Field(30, gt=0, le=3660)

    max_body_bytes: int = Field(64 * 1024, gt=0)
    max_message_bytes: int = Field(64 * 1024, gt=0)
    max_outbox_bytes: int = Field(1_000_000, gt=0)  # that wait to be written to a client, before it is dropped
    requests_per_minute: int = Field(300, gt=0)  # a user
    logins_per_minute: int = Field(20, gt=0)  # an address
    wrong_passwords: int = Field(10, gt=0)  # an account, in 15 minutes
    connections_per_user: int = Field(50, gt=0)  # in a process
    connections_per_address: int = Field(1000, gt=0)  # in a process
    commands_per_second: float = Field(50, gt=0)  # a connection
    commands_burst: int = Field(100, gt=0)  # a connection
    user_commands_per_second: float = Field(200, gt=0)  # in a process, over all connections of the user
    user_commands_burst: int = Field(400, gt=0)
    rooms_per_socket: int = Field(128, gt=0)  # joined by the client itself
    idempotency_hours: float = Field(24, gt=0, le=8_784)
    recovery_seconds: float = Field(120, gt=0, le=86_400)  # after a connection was lost
    history_hours: float = Field(24, gt=0, le=8_784)
    typing_seconds: float = Field(6, gt=0)
    typing_starts: int = Field(10, gt=0)  # of a user in a conversation, in 10 seconds
    presence_grace_seconds: float = Field(10, ge=0)  # without a connection, before a user is offline
    ping_interval_seconds: float = Field(25, gt=0)
    ping_timeout_seconds: float = Field(20, gt=0)
    connect_seconds: float = Field(10, gt=0)  # that a client has to connect to a namespace
    request_seconds: float = Field(30, gt=0)  # that an HTTP request may take to arrive
    drain_seconds: float = Field(10, ge=0, le=20)  # of which SIGTERM closes the sockets; gunicorn.conf.py gives 30

    metrics_token: str = ""  # that reads /metrics; without, production shows them to callers on its own machine alone
    sample_seconds: float = Field(5, gt=0, le=600)  # between two samples of each process, which are kept for an hour
    alert_hub_lag_ms: float = Field(200, ge=0)  # of the alerts' thresholds each is off when it is 0
    alert_delivery_p99_ms: float = Field(500, ge=0)
    alert_backlog_seconds: float = Field(5, ge=0)
    alert_disconnects_per_second: float = Field(20, ge=0)  # of a process, said good-bye to by neither side
    alert_auth_failures_per_second: float = Field(10, ge=0)  # of a process

    vapid_private_key: str = ""  # `flask --app wsgi push keys` makes one; without, production does not push
    vapid_contact: str = Field("", validate_default=True)  # mailto:…, whom a push service may write to
    push_delay_seconds: float = Field(5, ge=0)  # in which what one reads is not pushed
    push_subscriptions: int = Field(10, gt=0)  # a user
    push_attempts: int = Field(5, gt=0)  # at sending one push
    push_retry_seconds: float = Field(
        30, gt=0
    )  # that a device rests after a failure, and twice as long after each further

    @field_validator("client_url")
    @classmethod
    def _origins(cls, origins: list[str], info: ValidationInfo) -> list[str]:
        found = [origin.rstrip("/") for origin in origins]
        if "*" in found and _in_production(info):
            raise ValueError("is *, which would let every web site in: list the origins of your front ends")
        for origin in found:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(f"holds {origin!r}, which is no origin: write https://host or https://host:port")
        return found

    @field_validator("database_url")
    @classmethod
    def _supported(cls, url: str) -> str:
        try:
            driver = make_url(url).drivername if url else "sqlite"
        except (ArgumentError, ValueError) as error:
            raise ValueError("is not a URL such as postgresql://user:password@host/name") from error
        if driver not in DATABASES:
            raise ValueError(f"names {driver}: use postgresql://user:password@host/name or sqlite:///file")
        return url

    @field_validator("redis_url")
    @classmethod
    def _beside_postgresql(cls, url: str, info: ValidationInfo) -> str:
        if url and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("begins with redis://, rediss:// or unix://")
        if url and not info.data.get("database_url", "").startswith("postgres"):
            raise ValueError(
                "is for several processes, which can't share an SQLite file: set DATABASE_URL to postgresql://…, "
                "or unset it to serve from one process"
            )
        try:
            parse_url(url or "redis://")  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise ValueError(f"is not a URL such as redis://host:6379/0: {error}") from error
        return url

    @field_validator("secret_key", "jwt_secret_key")
    @classmethod
    def _strong_in_production(cls, secret: str, info: ValidationInfo) -> str:
        weakness = _in_production(info) and _weakness(secret)
        if weakness:
            raise ValueError(f"{weakness}: set it to {SHORTEST_SECRET} random characters or more")
        return secret

    @field_validator("jwt_previous_secret_key")
    @classmethod
    def _previous_as_strong(cls, secret: str, info: ValidationInfo) -> str:
        """Tokens that it signed are still good, so it must be as hard to guess."""
        return cls._strong_in_production(secret, info) if secret else secret

    @field_validator("vapid_private_key")
    @classmethod
    def _private_key(cls, key: str) -> str:
        if key and not _is_private_key(key):
            raise ValueError("is no private key of P-256 in base64url: make one with `flask --app wsgi push keys`")
        return key

    @field_validator("vapid_contact")
    @classmethod
    def _contact(cls, contact: str, info: ValidationInfo) -> str:
        needed = _in_production(info) and info.data.get("vapid_private_key")
        if (contact or needed) and not CONTACT.fullmatch(contact):
            raise ValueError("is not such as mailto:you@example.com, which push services want to know")
        return contact

    @property
    def production(self) -> bool:
        return self.app_env == "production"

    @property
    def access_lifetime(self) -> timedelta:
        return timedelta(minutes=self.jwt_access_minutes)

    @property
    def refresh_lifetime(self) -> timedelta:
        return timedelta(days=self.jwt_refresh_days)

    @property
    def recovery_window(self) -> timedelta:
        return timedelta(seconds=self.recovery_seconds)

    @property
    def history_kept(self) -> timedelta:
        return timedelta(hours=self.history_hours)

    @property
    def sqlalchemy_url(self) -> str:
        """The database, with the driver that yields to other greenlets (psycopg 3 blocks the hub)."""
        if not self.database_url:
            return f"sqlite:///{self.instance_path / 'app.db'}"
        url = make_url(self.database_url)
        if url.drivername in ("postgres", "postgresql"):
            url = url.set(drivername="postgresql+psycopg2")
        return url.render_as_string(hide_password=False)

    @property
    def broker_key(self) -> bytes:
        """What processes know each other by: those with the same secret, environment and database belong together."""
        context = f"broker/{self.app_env}/{make_url(self.sqlalchemy_url).database}"
        return hmac.digest(self.development_secret("secret_key").encode(), context.encode(), "sha256")

    def development_secret(self, name: str, make: Callable[[], str] = _new_secret) -> str:
        """The secret ``name``; in development one that is missing is made once and kept in the instance folder."""
        value: str = getattr(self, name)
        if value:
            return value
        path = self.instance_path / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(make())
        return path.read_text()


def _in_production(info: ValidationInfo) -> bool:
    return info.data.get("app_env") == "production"


def _is_private_key(text: str) -> bool:
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", text):  # 32 bytes
        return False
    return 0 < int.from_bytes(base64.urlsafe_b64decode(f"{text}=")) < ORDER_OF_P256


def _weakness(secret: str) -> str | None:
    if not secret:
        return "is missing"
    if secret.lower() in KNOWN_SECRETS:
        return "is weak, a well-known word"
    if len(secret) < SHORTEST_SECRET:
        return f"is weak, shorter than {SHORTEST_SECRET} characters"
    if len(set(secret)) < FEWEST_CHARACTERS:
        return f"is weak, made of fewer than {FEWEST_CHARACTERS} different characters"
    return None


def current_settings() -> Settings:
    """The settings of the current application."""
    settings: Settings = current_app.extensions["settings"]
    return settings


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        ConfigError: a value is missing, malformed or unsafe; the text names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])).upper()} {e['msg']}".strip() for e in error.errors()]
        raise ConfigError(*(line.replace("Value error, ", "") for line in lines)) from error
