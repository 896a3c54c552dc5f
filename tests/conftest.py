"""Marks every test by the folder that it lies in, so that `-m e2e` selects what `tests/e2e` holds; the services."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.scenarios import World
from tests.support.api import Api
from tests.support.js_client import JsPeer
from tests.support.production import migrated
from tests.support.services import PostgreSQL, Redis

HERE = Path(__file__).parent
MARKED_FOLDERS = {"e2e", "integration", "protocol", "security"}

Scale = Callable[[int, int], int]
"""The first number in a quick run, the second in one with ``--long``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--each-database",
        action="store_true",
        help="run every integration test on SQLite and on PostgreSQL, not only those marked each_database",
    )
    parser.addoption("--long", action="store_true", help="run what takes minutes, too, and all at its full size")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in MARKED_FOLDERS:
            item.add_marker(folder)
    if not config.getoption("--long"):
        long = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> Scale:
    """How much of it: little, so that `make test` stays quick, or all."""
    long: bool = request.config.getoption("--long")
    return lambda quick, full: full if long else quick


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One for the test process; a test that stops it starts it again."""
    with PostgreSQL() as running:
        yield running


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """One for the test process; a test that stops it starts it again."""
    with Redis() as running:
        yield running


@pytest.fixture(scope="session")
def production_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables, and nothing in them."""
    return migrated(tmp_path_factory.mktemp("database") / "app.db")


@pytest.fixture(scope="session")
def world(admin: Api, manager: Api, alice: Api, bob: Api) -> World:
    """The demo users of the server that the folder starts."""
    return World(admin, manager, alice, bob)


@pytest.fixture(scope="session")
def node_process() -> Iterator[JsPeer]:
    with JsPeer() as peer:
        yield peer


@pytest.fixture
def js(node_process: JsPeer) -> Iterator[JsPeer]:
    """The JavaScript client; what a test opens with it is closed after the test."""
    yield node_process
    node_process.close_all()
