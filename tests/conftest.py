"""Marks every test by the folder that it lies in, so that `-m e2e` selects what `tests/e2e` holds; the services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.services import PostgreSQL, Redis

HERE = Path(__file__).parent
MARKED_FOLDERS = {"e2e", "integration"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--each-database",
        action="store_true",
        help="run every integration test on SQLite and on PostgreSQL, not only those marked each_database",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in MARKED_FOLDERS:
            item.add_marker(folder)


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
