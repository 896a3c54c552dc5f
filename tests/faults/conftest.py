"""The JavaScript client, a cluster, and a table of all faults at the end of the run."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

import pytest
from rich.console import Console
from rich.table import Table

from tests.faults.audit import Audit
from tests.support.api import Api
from tests.support.cluster import Cluster
from tests.support.js_client import JsPeer

LIMITS = {
    "REQUESTS_PER_MINUTE": "1000000",
    "LOGINS_PER_MINUTE": "10000",
    "CONNECTIONS_PER_USER": "100000",
    "CONNECTIONS_PER_ADDRESS": "100000",
}
"""Settings of servers that a burst goes to: it comes from one address and one user."""

Report = Callable[[str, Audit, str], None]
"""Adds a row to the table: the fault, what the clients' audit found, and whatever else was measured."""


@pytest.fixture
def js() -> Iterator[JsPeer]:
    with JsPeer() as peer:
        yield peer


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three processes. A test that stops something of it starts it again."""
    with Cluster(tmp_path_factory.mktemp("cluster"), 3, LIMITS) as running:
        yield running


@pytest.fixture
def apis(cluster: Cluster) -> list[Api]:
    """Alice at each process."""
    first = Api.as_demo_user(cluster.servers[0].url, "alice")
    return [first, *(first.at(server.url) for server in cluster.servers[1:])]


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
