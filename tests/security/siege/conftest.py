"""What others noticed of each siege is shown at the end of the run."""

from collections.abc import Callable

import pytest

FIGURES = pytest.StashKey[list[str]]()

NoteSiege = Callable[[str, int, float, float], None]
"""``note_siege(kind, blows, p99, slowest)``: the p99 of deliveries and the slowest answer of /health/live, in s."""


@pytest.fixture
def note_siege(request: pytest.FixtureRequest) -> NoteSiege:
    def note(kind: str, blows: int, p99: float, slowest: float) -> None:
        line = f"{kind:40} {blows:8,} {p99 * 1000:12.0f} ms {slowest * 1000:12.0f} ms"
        request.config.stash.setdefault(FIGURES, []).append(line)

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("sieges")
        terminalreporter.line(f"{'attack':40} {'blows':>8} {'delivery p99':>15} {'health, most':>15}")
        for line in figures:
            terminalreporter.line(line)
