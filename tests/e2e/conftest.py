"""A started server with its demo users, the JavaScript client, and a browser: each once a test process."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import chromium
from tests.support.dashboard import Dashboard
from tests.support.demo import DEMO_USERS, GENEROUS, demo_user
from tests.support.server import Server
from tests.support.services import PostgreSQL, Redis

Env = dict[str, str]

OpenDashboard = Callable[..., Dashboard]
"""``open_dashboard(user, path)``: a page of the dashboard, of a demo user who is logged in, connected."""

admin, manager, alice, bob = (demo_user(name, of="server") for name in DEMO_USERS)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server"), GENEROUS | {"PUSH_DELAY_SECONDS": "0.3"}) as running:
        yield running


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Page]:
    """A page without cookies or history."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def cookies_of(browser: Browser, server: Server) -> Callable[[str], Any]:
    """The cookies of a browser that a demo user logged in with; each logs in once."""
    found: dict[str, Any] = {}

    def cookies_of(name: str) -> Any:
        if name not in found:
            context = browser.new_context()
            dashboard = Dashboard(context.new_page(), server.url)
            dashboard.log_in(name)
            dashboard.connected()
            found[name] = context.cookies()
            context.close()
        return found[name]

    return cookies_of


@pytest.fixture
def open_dashboard(browser_page: Page, server: Server, cookies_of: Callable[[str], Any]) -> Iterator[OpenDashboard]:
    """Opens pages; at the end nothing must have gone wrong in them."""
    dashboard = Dashboard(browser_page, server.url)

    def open_dashboard(name: str, path: str = "") -> Dashboard:
        browser_page.context.add_cookies(cookies_of(name))
        dashboard.open(path)
        dashboard.connected()
        return dashboard

    yield open_dashboard
    assert dashboard.errors == []


# --- two processes that share a PostgreSQL and a Redis, for the modules that say their settings


@pytest.fixture(scope="module")
def env(
    settings: Env, postgresql: PostgreSQL, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Env]:
    with postgresql.database() as database:
        instance = tmp_path_factory.mktemp("instance")  # holds the secrets, which both need
        places = {"DATABASE_URL": database, "REDIS_URL": redis_server.url, "INSTANCE_PATH": str(instance)}
        yield settings | places


@pytest.fixture(scope="module")
def here(env: Env, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("here"), env) as running:
        yield running


@pytest.fixture(scope="module")
def there(here: Server, env: Env, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    del here  # it makes the tables and the demo data
    with Server(tmp_path_factory.mktemp("there"), env) as running:
        yield running
