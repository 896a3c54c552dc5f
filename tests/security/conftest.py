"""The product with its demo users: one process, and two that share a Redis and a PostgreSQL; the JavaScript client."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.scenarios import World
from tests.security.aviary import Aviary
from tests.security.production import migrated
from tests.support.api import Api
from tests.support.cluster import Cluster
from tests.support.js_client import JsPeer
from tests.support.server import GUNICORN, Server

# Limits have tests of their own; elsewhere many tests share one server, one address and four users.
GENEROUS = {
    "LOGINS_PER_MINUTE": "10000",
    "REQUESTS_PER_MINUTE": "100000",
    "CONNECTIONS_PER_USER": "10000",
    "CONNECTIONS_PER_ADDRESS": "100000",
}


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`python wsgi.py`, with SQLite and nothing else."""
    with Server(tmp_path_factory.mktemp("product"), GENEROUS) as running:
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


@pytest.fixture(scope="session")
def production_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables, and nothing in them."""
    return migrated(tmp_path_factory.mktemp("database") / "app.db")


@pytest.fixture(scope="session")
def admin(product: Server) -> Api:
    return Api.as_demo_user(product.url, "admin")


@pytest.fixture(scope="session")
def manager(product: Server) -> Api:
    return Api.as_demo_user(product.url, "manager")


@pytest.fixture(scope="session")
def alice(product: Server) -> Api:
    return Api.as_demo_user(product.url, "alice")


@pytest.fixture(scope="session")
def bob(product: Server) -> Api:
    return Api.as_demo_user(product.url, "bob")


@pytest.fixture(scope="session")
def world(admin: Api, manager: Api, alice: Api, bob: Api) -> World:
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
