"""The environment becomes typed settings, or a sentence that says what to change."""

from pathlib import Path
from typing import Any

import pytest

from app.config import ConfigError, Settings, load_settings

SECRET = "correct horse battery staple, forty chars"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("APP_ENV", "production")
    monkeypatch.setenv("JWT_SECRET_KEY", SECRET)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    return monkeypatch


def test_without_an_environment_it_is_the_development_server_on_port_3000() -> None:
    settings = load_settings()
    assert (settings.app_env, settings.host, settings.port) == ("development", "127.0.0.1", 3000)
    assert settings.sqlalchemy_url.startswith("sqlite:///")


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert load_settings().port == 3000


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_URL", "https://a.example, https://b.example/")
    assert load_settings().client_url == ["https://a.example", "https://b.example"]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_postgresql_is_reached_by_the_driver_that_yields(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://me:p%40ss@db/tasks")
    assert load_settings().sqlalchemy_url == "postgresql+psycopg2://me:p%40ss@db/tasks"


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "many"), ("PORT", "70000"), ("APP_ENV", "staging"), ("JWT_ACCESS_MINUTES", "0")]
)
def test_a_value_that_can_not_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name):
        load_settings()


@pytest.mark.parametrize("database", ["", "sqlite:///app.db"])
def test_redis_is_refused_beside_sqlite(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://localhost")
    monkeypatch.setenv("DATABASE_URL", database)
    with pytest.raises(ConfigError, match=r"REDIS_URL is .* set DATABASE_URL to postgresql"):
        load_settings()


def test_redis_goes_with_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://localhost")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@db/tasks")
    assert load_settings().redis_url == "redis://localhost"


@pytest.mark.parametrize("url", ["localhost:6379", "redis://localhost:port", "redis://localhost:99999999"])
def test_a_redis_url_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@db/tasks")
    with pytest.raises(ConfigError, match="redis://"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", SECRET.upper()),
        ("app_env", "production"),
        ("database_url", "postgresql://me@db/other"),
    ],
)
def test_processes_of_another_secret_environment_or_database_have_another_broker_key(name: str, value: str) -> None:
    mine: dict[str, Any] = {
        "secret_key": SECRET,
        "jwt_secret_key": SECRET,
        "database_url": "postgresql://me@db/tasks",
        "app_env": "development",
    }
    other = mine | {name: value}
    assert Settings(**mine).broker_key == Settings(**mine).broker_key
    assert Settings(**mine).broker_key != Settings(**other).broker_key


@pytest.mark.usefixtures("production")
def test_production_starts_with_strong_secrets() -> None:
    assert load_settings().production


@pytest.mark.parametrize(
    "origin",
    ["localhost:3000", "example.com", "https://", "https://a.example/app", "https://a.example?x", "//a.example"],
)
def test_what_is_no_origin_is_named(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("CLIENT_URL", f"https://a.example,{origin}")
    with pytest.raises(ConfigError, match="CLIENT_URL") as refusal:
        load_settings()
    assert repr(origin.rstrip("/")) in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["mysql://me:secret-word@db/tasks", "postgresql+asyncpg://me:secret-word@db", "secret-word"]
)
def test_a_database_that_is_not_supported_is_refused_without_telling_the_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ConfigError, match="DATABASE_URL") as refusal:
        load_settings()
    assert "secret-word" not in str(refusal.value)


def test_all_bad_settings_are_named_at_once(production: pytest.MonkeyPatch) -> None:
    production.delenv("SECRET_KEY")
    bad = {"PORT": "many", "CLIENT_URL": "*", "DATABASE_URL": "mysql://db/x", "JWT_SECRET_KEY": "short"}
    for name, value in bad.items():
        production.setenv(name, value)
    with pytest.raises(ConfigError) as refusal:
        load_settings()
    assert [name for name in (*bad, "SECRET_KEY") if f"{name} " not in str(refusal.value)] == []


@pytest.mark.parametrize(
    ("secret", "weakness"),
    [("changeme", "well-known word"), ("x7#kQ", "shorter than 32"), ("ab" * 32, "fewer than 8 different")],
)
def test_a_weak_secret_is_told_why(production: pytest.MonkeyPatch, secret: str, weakness: str) -> None:
    production.setenv("SECRET_KEY", secret)
    with pytest.raises(ConfigError, match=f"weak, .*{weakness}"):
        load_settings()


@pytest.mark.parametrize("name", ["JWT_SECRET_KEY", "SECRET_KEY"])
@pytest.mark.parametrize("value", [None, "short", "a" * 64])
def test_production_refuses_a_missing_or_weak_secret_by_name(
    production: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    if value is None:
        production.delenv(name)
    else:
        production.setenv(name, value)
    with pytest.raises(ConfigError, match=rf"^{name} "):
        load_settings()


def test_production_refuses_a_weak_previous_key(production: pytest.MonkeyPatch) -> None:
    production.setenv("JWT_PREVIOUS_SECRET_KEY", "short")
    with pytest.raises(ConfigError, match="JWT_PREVIOUS_SECRET_KEY"):
        load_settings()


def test_production_refuses_to_let_every_origin_in(production: pytest.MonkeyPatch) -> None:
    production.setenv("CLIENT_URL", "*")
    with pytest.raises(ConfigError, match="CLIENT_URL"):
        load_settings()


def test_a_development_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(instance_path=tmp_path)
    secret = settings.development_secret("secret_key")
    assert len(secret) >= 32
    assert settings.development_secret("secret_key") == secret
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("key", ["short", "A" * 43, "_" * 43, "A" * 44, "+" * 43, "-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_private_key_for_pushes_is_refused_without_telling_it(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("VAPID_PRIVATE_KEY", key)
    with pytest.raises(ConfigError, match="VAPID_PRIVATE_KEY") as refusal:
        load_settings()
    assert key not in str(refusal.value)


@pytest.mark.parametrize("contact", ["me@example.com", "mailto:", "mailto:me", "https://example.com", "mailto:a b@c"])
def test_a_contact_for_push_services_is_an_address_to_write_to(monkeypatch: pytest.MonkeyPatch, contact: str) -> None:
    monkeypatch.setenv("VAPID_CONTACT", contact)
    with pytest.raises(ConfigError, match="VAPID_CONTACT"):
        load_settings()


def test_production_that_pushes_says_whom_to_write_to(production: pytest.MonkeyPatch) -> None:
    production.setenv("VAPID_PRIVATE_KEY", "A" * 42 + "E")
    with pytest.raises(ConfigError, match="VAPID_CONTACT"):
        load_settings()
    production.setenv("VAPID_CONTACT", "mailto:me@example.com")
    assert load_settings().vapid_private_key


@pytest.mark.parametrize(
    ("name", "value"), [("SAMPLE_SECONDS", "inf"), ("JWT_ACCESS_MINUTES", "1e300"), ("AUDIT_DAYS", "nan")]
)
def test_a_time_that_never_ends_is_refused_by_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name):
        load_settings()
