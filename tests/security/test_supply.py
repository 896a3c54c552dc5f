"""What the project is made of: pinned, known by its hash, consistent, and none older than the first safe release."""

import json
import re
import subprocess
import sys
from importlib.metadata import distributions
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.server import ROOT

LOCKS = ("requirements.lock", "requirements-node.lock")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
INTEGRITY = re.compile(r"sha512-[A-Za-z0-9+/]{86}==")

# By package: the first release without what the advisory, the newest known for it, tells of.
PYTHON = {
    "aiohttp": ("3.14.3", "CVE-2026-69244"),
    "certifi": ("2023.7.22", "CVE-2023-37920"),
    "cryptography": ("50.0.0", "CVE-2026-69247"),
    "dnspython": ("2.6.1", "CVE-2023-29483"),
    "eventlet": ("0.40.3", "CVE-2025-58068"),
    "flask": ("3.1.3", "CVE-2026-27205"),
    "flask-cors": ("6.0.0", "CVE-2024-6839"),
    "gunicorn": ("27.0.0", "CVE-2026-134820"),
    "h11": ("0.16.0", "CVE-2025-43859"),
    "idna": ("3.15", "CVE-2026-45409"),
    "jinja2": ("3.1.6", "CVE-2025-27516"),
    "mako": ("1.2.2", "CVE-2022-40023"),
    "markdown-it-py": ("2.2.0", "CVE-2023-26302"),
    "mistune": ("2.0.3", "CVE-2022-34749"),
    "orjson": ("3.11.6", "CVE-2025-67221"),
    "psutil": ("5.6.6", "CVE-2019-18874"),
    "pydantic": ("2.4.0", "CVE-2024-3772"),
    "pygments": ("2.20.0", "CVE-2026-4539"),
    "pyjwt": ("2.13.0", "CVE-2026-48526"),
    "pytest": ("9.0.3", "CVE-2025-71176"),
    "python-dotenv": ("1.2.2", "CVE-2026-28684"),
    "python-engineio": ("4.13.2", "CVE-2026-48802"),
    "python-socketio": ("5.16.2", "CVE-2026-48804"),
    "pyyaml": ("5.4", "CVE-2020-14343"),
    "redis": ("4.5.4", "CVE-2023-28859"),
    "requests": ("2.33.0", "CVE-2026-25645"),
    "sqlalchemy": ("1.3.0", "CVE-2019-7164"),
    "urllib3": ("2.7.0", "CVE-2026-44431"),
    "websockets": ("9.1", "CVE-2021-33880"),
    "werkzeug": ("3.1.6", "CVE-2026-27199"),
}
NODE = {
    "cookie": ("0.7.0", "CVE-2024-47764"),
    "debug": ("4.4.3", "CVE-2025-59144"),
    "engine.io": ("6.6.7", "CVE-2026-59725"),
    "ms": ("2.0.0", "CVE-2017-20162"),
    "negotiator": ("0.6.1", "CVE-2016-10539"),
    "socket.io": ("4.6.2", "CVE-2024-38355"),
    "socket.io-parser": ("4.2.7", "CVE-2026-69185"),
    "tar-fs": ("3.1.1", "CVE-2025-59343"),
    "ws": ("8.21.0", "CVE-2026-48779"),
    "xmlhttprequest-ssl": ("1.6.1", "CVE-2021-31597"),
}


def entries(lock: str) -> list[tuple[Requirement, str]]:
    """What a lock pins, each with what stands behind it."""
    lines = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    found = [line.partition(" --hash") for line in lines]
    return [(Requirement(what), f"{mark}{hashes}") for what, mark, hashes in found]


def node_packages() -> dict[str, Any]:
    """What package-lock.json pins, by its place; not the project itself."""
    packages: dict[str, Any] = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return {place: package for place, package in packages.items() if place}


def test_what_is_installed_fits_together() -> None:
    check = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout


def test_what_is_installed_is_what_the_lock_pins() -> None:
    installed = {canonicalize_name(one.name): one.version for one in distributions()}
    pinned = [one for one, _ in entries("requirements.lock") if one.marker is None or one.marker.evaluate()]
    assert len(pinned) > 100
    wrong = [str(one) for one in pinned if not one.specifier.contains(installed.get(canonicalize_name(one.name), "0"))]
    assert wrong == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_pins_one_version_by_its_hashes(lock: str) -> None:
    found = entries(lock)
    assert found
    for requirement, hashes in found:
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert requirement.url is None, requirement
        assert hashes.split(), requirement
        assert [one for one in hashes.split() if not HASH.fullmatch(one)] == [], requirement


def test_every_package_of_node_js_comes_by_its_hash_and_from_no_place_of_its_own() -> None:
    packages = node_packages()
    assert len(packages) > 30
    for place, package in packages.items():
        assert INTEGRITY.fullmatch(package["integrity"]), place
        assert {"resolved", "link"}.isdisjoint(package), place


def test_every_direct_dependency_is_pinned_to_one_version() -> None:
    written = (ROOT / "pyproject.toml").read_text()
    lists = re.findall(r"^(?:dependencies|node|test) = \[\n(.*?)^\]", written, re.MULTILINE | re.DOTALL)
    named = [Requirement(text) for part in lists for text in re.findall(r'^ +"([^"]+)"', part, re.MULTILINE)]
    assert len(named) > 40
    assert [str(one) for one in named if not re.fullmatch(r"==[\w.]+", str(one.specifier))] == []
    package = json.loads((ROOT / "package.json").read_text())
    for name, version in (package["dependencies"] | package["devDependencies"]).items():
        assert re.fullmatch(r"[\d.]+", version), name


def test_what_is_installed_is_held_against_its_hashes_and_runs_no_script_of_its_own() -> None:
    makefile = (ROOT / "Makefile").read_text()
    installs = re.findall(r"-m pip install (.*)", makefile)
    assert len(installs) >= 3
    by_hash = [one for one in installs if "--require-hashes" in one]
    assert [one for one in installs if one not in by_hash] == ["-qq uv==0.13.9"], "which `make lock` alone runs"
    for npm in re.findall(r"npm (?:ci|install).*", makefile):
        assert "--ignore-scripts" in npm


@pytest.mark.parametrize("name", PYTHON)
def test_no_python_package_is_older_than_its_first_safe_release(name: str) -> None:
    safe, advisory = PYTHON[name]
    pinned = [str(one.specifier)[2:] for lock in LOCKS for one, _ in entries(lock) if one.name == name]
    assert pinned, f"{name} is not used any more: it needs no line here"
    assert [version for version in pinned if Version(version) < Version(safe)] == [], advisory


@pytest.mark.parametrize("name", NODE)
def test_no_package_of_node_js_is_older_than_its_first_safe_release(name: str) -> None:
    safe, advisory = NODE[name]
    pinned = [one["version"] for place, one in node_packages().items() if place.rpartition("node_modules/")[2] == name]
    assert pinned, f"{name} is not used any more: it needs no line here"
    assert [version for version in pinned if Version(version) < Version(safe)] == [], advisory
