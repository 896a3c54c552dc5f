"""Settings: the only reader of the environment.

Each field is read from the environment variable of the same name in capitals; its unit stands beside it.
Production refuses to start on a setting that would let people in who don't belong there.
"""

import hmac
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from flask import current_app
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 32  # characters; RFC 7518, section 3.2: an HS256 key has at least 256 bits
KNOWN_SECRETS = frozenset({"secret", "changeme", "change-me", "dev", "development", "password", "test"})


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class ConfigError(Exception):
    """The environment can't be used; the message names each setting and what to do."""


class Settings(BaseSettings):
    """Everything that may differ from one deployment to the next."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    app_env: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(3000, ge=0, le=65535)
    client_url: Annotated[list[str], NoDecode, BeforeValidator(_split)] = ["http://localhost:3000"]
    database_url: str = ""
    redis_url: str = ""
    instance_path: Path = ROOT / "instance"
    trusted_proxies: int = Field(0, ge=0)
    realtime_debug: bool = False

    secret_key: str = ""
    jwt_secret_key: str = ""
    jwt_previous_secret_key: str = ""
    jwt_access_minutes: float = Field(15, gt=0)
    jwt_refresh_days: float = Field(30, gt=0)

    max_body_bytes: int = Field(64 * 1024, gt=0)
    max_message_bytes: int = Field(64 * 1024, gt=0)
    requests_per_minute: int = Field(300, gt=0)  # a user
    logins_per_minute: int = Field(20, gt=0)  # an address
    wrong_passwords: int = Field(10, gt=0)  # an account, in 15 minutes
    commands_per_second: float = Field(50, gt=0)  # a connection
    commands_burst: int = Field(100, gt=0)  # a connection
    rooms_per_socket: int = Field(128, gt=0)  # joined by the client itself
    idempotency_hours: float = Field(24, gt=0)
    recovery_seconds: float = Field(120, gt=0)  # after a connection was lost
    history_hours: float = Field(24, gt=0)
    typing_seconds: float = Field(6, gt=0)
    ping_interval_seconds: float = Field(25, gt=0)
    ping_timeout_seconds: float = Field(20, gt=0)
    drain_seconds: float = Field(10, ge=0, le=20)  # of which SIGTERM closes the sockets; gunicorn.conf.py gives 30

    @field_validator("client_url")
    @classmethod
    def _origins(cls, origins: list[str]) -> list[str]:
        return [origin.rstrip("/") for origin in origins]

    @model_validator(mode="after")
    def _safe_in_production(self) -> "Settings":
        if self.app_env == "production":
            if "*" in self.client_url:
                raise ValueError("CLIENT_URL=* would let every web site in: list the origins of your front ends")
            for name in ("jwt_secret_key", "secret_key"):
                _check_secret(name.upper(), getattr(self, name))
        return self

    @model_validator(mode="after")
    def _redis_beside_postgresql(self) -> "Settings":
        if self.redis_url and not self.sqlalchemy_url.startswith("postgresql"):
            raise ValueError(
                "REDIS_URL is for several processes, which can't share an SQLite file: it needs PostgreSQL. "
                "Set DATABASE_URL to postgresql://…, or unset REDIS_URL to serve from one process"
            )
        if self.redis_url and not self.redis_url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("REDIS_URL begins with redis://, rediss:// or unix://")
        return self

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

    def development_secret(self, name: str) -> str:
        """The secret ``name``; in development one that is missing is made once and kept in the instance folder."""
        value: str = getattr(self, name)
        if value:
            return value
        path = self.instance_path / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text()


def _check_secret(name: str, value: str) -> None:
    if not value:
        raise ValueError(f"{name} is missing: set it to {SHORTEST_SECRET} random characters or more")
    if len(value) < SHORTEST_SECRET or value.lower() in KNOWN_SECRETS or len(set(value)) < 8:
        raise ValueError(f"{name} is weak: set it to {SHORTEST_SECRET} random characters or more")


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
        raise ConfigError("; ".join(line.replace("Value error, ", "") for line in lines)) from error
