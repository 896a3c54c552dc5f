"""The files of deploy/ fit the application, as far as that shows without root and containers."""

import configparser
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import Settings
from app.engine.drain import Drain

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SETTINGS = {name.upper() for name in Settings.model_fields}


@pytest.fixture
def gunicorn() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


@pytest.fixture
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return content


@pytest.fixture
def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their capitals
    parser.read(DEPLOY / "systemd" / "realtime@.service")
    return parser


def test_gunicorn_waits_longer_than_the_longest_drain(gunicorn: dict[str, Any]) -> None:
    (limit,) = [rule.le for rule in Settings.model_fields["drain_seconds"].metadata if hasattr(rule, "le")]
    assert gunicorn["graceful_timeout"] >= limit + Drain.GRACE


def test_systemd_waits_longer_than_gunicorn(unit: configparser.ConfigParser, gunicorn: dict[str, Any]) -> None:
    assert unit.getint("Service", "TimeoutStopSec") > gunicorn["graceful_timeout"]


def test_compose_waits_longer_than_gunicorn(compose: dict[str, Any], gunicorn: dict[str, Any]) -> None:
    assert int(compose["services"]["app"]["stop_grace_period"].rstrip("s")) > gunicorn["graceful_timeout"]


@pytest.mark.parametrize("service", ["app", "migrate"])
def test_compose_sets_settings_that_exist(compose: dict[str, Any], service: str) -> None:
    assert set(compose["services"][service]["environment"]) <= SETTINGS


def test_systemd_sets_settings_that_exist() -> None:
    lines = (DEPLOY / "systemd" / "realtime.env").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert names
    assert names <= SETTINGS


def test_the_image_holds_what_its_ignore_file_lets_through() -> None:
    allowed = set(re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.M))
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.M)
    names = {name for line in copied for name in line.split()}
    assert names == allowed
    assert all((ROOT / name).exists() for name in names)


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [("", "", "127.0.0.1:3000"), ("0.0.0.0", "80", "0.0.0.0:80"), ("::1", "3000", "[::1]:3000")],  # noqa: S104
)
def test_gunicorn_listens_where_host_and_port_say(
    monkeypatch: pytest.MonkeyPatch, host: str, port: str, address: str
) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("PORT", port)
    assert runpy.run_path(str(ROOT / "gunicorn.conf.py"))["bind"] == address
