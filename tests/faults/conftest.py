"""The JavaScript client, and a table of all faults at the end of the run."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

import pytest
from rich.console import Console
from rich.table import Table

from tests.faults.audit import Audit
from tests.support.js_client import JsPeer

LIMITS = {"REQUESTS_PER_MINUTE": "1000000", "LOGINS_PER_MINUTE": "10000"}
"""Settings of servers that a burst goes to: it comes from one address and one user."""

Report = Callable[[str, Audit, str], None]
"""Adds a row to the table: the fault, what the clients' audit found, and whatever else was measured."""


@pytest.fixture
def js() -> Iterator[JsPeer]:
    with JsPeer() as peer:
        yield peer


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    def report(fault: str, found: Audit, rest: str = "") -> None:
        record_property("fault", {"fault": fault, **asdict(found), "rest": rest})

    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = [
        value
        for outcome in ("passed", "failed")
        for test in terminalreporter.stats.get(outcome, [])
        for name, value in test.user_properties
        if name == "fault" and test.when == "call"
    ]
    if not rows:
        return
    table = Table(title="Faults", title_justify="left")
    table.add_column("fault")
    for column in ("lost", "repeated", "out of order"):
        table.add_column(column, justify="right")
    table.add_column("and")
    for row in rows:
        table.add_row(row["fault"], str(row["lost"]), str(row["repeated"]), str(row["out_of_order"]), row["rest"])
    Console().print("\n", table)
