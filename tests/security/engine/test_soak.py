"""Hundreds of clients come and go, well-meaning and not, and when all have left the process is as it was before."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.conftest import Scale
from tests.faults.conftest import LIMITS
from tests.security.engine.crowd import Target, crowd
from tests.security.engine.servers import DropIn, Product, Watched
from tests.support.api import Api

SETTLE = 20.0  # seconds until the last session is known to be gone, at the most: pings take 5 or 9, a busy machine more
SLACK = 3  # of each kind of thing that may be there more than before: a request is under way, a timer runs
MEGABYTES = 12  # of memory that may be there more than before: what the allocator could not give back
PAYLOAD = "x" * 1500  # slow readers have some of them to leave unread


@pytest.fixture
def pong_seconds(scale: Scale) -> int:
    """Long enough for those who mean well among so many."""
    return scale(4, 8)


@pytest.fixture
def dropin(tmp_path: Path, pong_seconds: int) -> Iterator[DropIn]:
    with DropIn(tmp_path, {"ping_interval": 1, "ping_timeout": pong_seconds, "connect_timeout": 5}, {}) as running:
        yield running


@pytest.fixture
def product(tmp_path: Path, pong_seconds: int) -> Iterator[Product]:
    pings = {"PING_INTERVAL_SECONDS": "1", "PING_TIMEOUT_SECONDS": str(pong_seconds), "RECOVERY_SECONDS": "2"}
    with Product(tmp_path, LIMITS | pings) as running:
        yield running


def soak(server: Watched, target: Target, scale: Scale) -> None:
    """Have a crowd come and go, and hold what is there at the end against what was there after a warm-up.

    By the end of that, pools and caches have their size. The allocator's goes on to grow for some ten thousand clients,
    by 9 MB, and then stays: so a long soak begins with a minute of them.
    """
    clients, seconds = scale(50, 100), scale(8, 600)
    crowd(target, clients, scale(4, 60))
    before = settled(server, {"sessions": 0, "environs": 0})
    resident = server.resident
    lived = crowd(target, clients, seconds)
    assert more(settled(server, before), before) == {}, lived
    assert server.resident - resident < MEGABYTES, lived


def settled(server: Watched, expected: dict[str, int]) -> dict[str, int]:
    """What the server holds once it is no more than expected, or when it has been waited for long enough."""
    deadline = monotonic() + SETTLE
    while more(held := server.vitals() | {"files": server.files}, expected) and monotonic() < deadline:
        sleep(1)  # counting it all holds the server up
    return held


def more(held: dict[str, int], expected: dict[str, int]) -> dict[str, int]:
    """What there is more of than expected, and by how much."""
    return {kind: held[kind] - count for kind, count in expected.items() if held[kind] > count + SLACK}


def test_a_crowd_leaves_nothing_behind_in_the_engine(dropin: DropIn, scale: Scale) -> None:
    def tell() -> None:
        assert dropin.tell(PAYLOAD, "soak") == HTTPStatus.OK

    target = Target(dropin.port, "", '["join","soak"]', "told", tell)
    soak(dropin, target, scale)


def test_a_crowd_leaves_nothing_behind_in_the_product(product: Product, scale: Scale) -> None:
    alice = Api.as_demo_user(product.url, "alice")
    note = {"userId": alice.user["id"], "type": "note", "title": "soak", "message": PAYLOAD}

    def tell() -> None:
        assert alice.post("/api/notifications", json=note).status == HTTPStatus.CREATED

    join = json.dumps(["join-notifications", alice.user["id"]])
    target = Target(product.port, json.dumps({"token": alice.token}), join, "new-notification", tell)
    soak(product, target, scale)
