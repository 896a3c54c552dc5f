"""Marks every test by the folder that it lies in, so that `-m e2e` selects what `tests/e2e` holds."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
MARKED_FOLDERS = {"e2e", "integration"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in MARKED_FOLDERS:
            item.add_marker(folder)
