"""While attackers do one thing all the time, others are served as ever, and afterwards nothing is left of it.

With ``--long`` each attack lasts a minute, and the bars are those of a machine that does nothing else.
"""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import Scale
from tests.faults.watch import Watch
from tests.security.engine.servers import Product
from tests.security.siege.attackers import ATTACKERS
from tests.security.siege.attacks import ATTACKS
from tests.security.siege.conftest import NoteSiege
from tests.security.siege.witness import Witness
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.demo import demo_user
from tests.support.server import ROOT

SETTINGS = {
    "REQUESTS_PER_MINUTE": "100000",
    "CONNECT_SECONDS": "3",
    "REQUEST_SECONDS": "3",
    "JWT_ACCESS_MINUTES": "120",  # of the witness, who is there for all of them
}
SETTLE = 30.0  # seconds until what attackers left behind is gone
SLACK = 3  # sessions that may be there more than before: one is under way
MEGABYTES = 15  # of memory that may be there more than before
COMPLAINT = re.compile(r"\[(warning|error|critical) *\]")

alice = demo_user("alice", of="server", scope="module")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with Product(tmp_path_factory.mktemp("besieged"), SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def mallory(server: Product) -> Api:
    return Api.as_demo_user(server.url, "bob")


@pytest.fixture(scope="module", autouse=True)
def warm(server: Product, alice: Api, mallory: Api) -> None:
    """Pools and caches have their size."""
    with Witness(server, alice):
        besiege("2,000 commands at once", server, mallory, 1)


def besiege(kind: str, server: Product, mallory: Api, seconds: float) -> int:
    """Attack for so many seconds; how many blows there were."""
    assert mallory.token is not None
    command = (
        sys.executable,
        "-m",
        "tests.security.siege.attackers",
        kind,
        str(server.port),
        mallory.token,
        str(seconds),
    )
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + 60, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.fixture
def users(alice: Api, mallory: Api) -> tuple[Api, Api]:
    """Who means well, and who does not."""
    return alice, mallory


@pytest.mark.parametrize("kind", ATTACKS)
def test_others_are_served_as_ever(
    kind: str, server: Product, users: tuple[Api, Api], scale: Scale, note_siege: NoteSiege
) -> None:
    seconds, (honest, mallory) = scale(1, 60), users
    sessions, said = server.vitals()["sessions"], len(server.log())
    with Watch(server.api, "/health/live") as watch, Witness(server, honest) as witness:
        blows = besiege(kind, server, mallory, seconds)
    note_siege(kind, blows, witness.p99, max(watch.seconds))
    assert blows >= ATTACKERS
    assert watch.refused == []
    assert witness.heard == witness.made
    assert witness.p99 < scale(1000, 200) / 1000
    assert max(watch.seconds) < scale(3, 1)
    lines = server.log()[said:].splitlines()
    complaints = [line for line in lines if COMPLAINT.search(line)]
    assert len(complaints) < 3 * seconds + 10, complaints[-20:]
    assert "Traceback" not in " ".join(lines)
    wait_until(lambda: server.vitals()["sessions"] <= sessions + SLACK, timeout=SETTLE)


@pytest.mark.long
@pytest.mark.parametrize("kind", ATTACKS)
def test_its_memory_is_given_back_or_used_again(kind: str, server: Product, users: tuple[Api, Api]) -> None:
    """The first siege may leave up to 50 MB with the allocator, of what 1,000 connections held; no further one adds."""
    _, mallory = users
    besiege(kind, server, mallory, 20)
    wait_until(lambda: server.vitals()["sessions"] <= SLACK, timeout=SETTLE)
    resident = server.resident
    besiege(kind, server, mallory, 20)
    wait_until(lambda: server.resident < resident + MEGABYTES, timeout=SETTLE)
