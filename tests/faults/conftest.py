"""The JavaScript client, and a report of each fault on the terminal."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.js_client import JsPeer


@pytest.fixture
def js() -> Iterator[JsPeer]:
    with JsPeer() as peer:
        yield peer


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a line even of a test that passes."""

    def report(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}")  # noqa: T201 - the report is what the run is for

    return report
