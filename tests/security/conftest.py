"""The product with its demo users: one process, and two that share a Redis and a PostgreSQL; the JavaScript client."""

from collections.abc import Iterator

import pytest

from tests.security.aviary import Aviary
from tests.support.cluster import Cluster
from tests.support.demo import DEMO_USERS, GENEROUS, demo_user
from tests.support.server import GUNICORN, Server

LISTED = ("https://tasks.example.com", "http://localhost:3000")
"""The web sites that may use the product."""

admin, manager, alice, bob = (demo_user(name, of="product") for name in DEMO_USERS)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`python wsgi.py`, with SQLite and nothing else."""
    with Server(tmp_path_factory.mktemp("product"), GENEROUS | {"CLIENT_URL": ",".join(LISTED)}) as running:
        yield running


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two processes of gunicorn."""
    with Cluster(tmp_path_factory.mktemp("cluster"), 2, GENEROUS, GUNICORN) as running:
        yield running


@pytest.fixture(scope="session")
def aviary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aviary]:
    """A server of its own, on which canaries sing in any room."""
    with Aviary(tmp_path_factory.mktemp("aviary")) as running:
        yield running
