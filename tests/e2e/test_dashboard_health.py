"""The page of health: what answers, what does not, and what is said when nothing does."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenDashboard
from tests.support.dashboard import Dashboard
from tests.support.demo import GENEROUS
from tests.support.server import Server
from tests.support.services import PostgreSQL, Redis


def test_each_part_and_each_channel_answers(open_dashboard: OpenDashboard) -> None:
    dashboard = open_dashboard("alice", "/health")
    expect(dashboard.page.get_by_role("status").filter(has_text="All parts answer.")).to_be_visible()
    for name in ("database", "notifications", "chat", "tasks", "analytics"):
        row = dashboard.page.get_by_role("row").filter(has=dashboard.page.get_by_role("rowheader", name=name))
        expect(row).to_contain_text("ok")
        expect(row).to_contain_text("ms")


def test_alerts_are_for_admins(open_dashboard: OpenDashboard) -> None:
    alerts = open_dashboard("alice", "/health").page.get_by_role("heading", name="Alerts")
    expect(alerts).to_have_count(0)
    open_dashboard("admin", "/health")
    expect(alerts).to_be_visible()


def test_a_redis_that_is_away_shows_and_so_does_a_server_that_is(
    browser_page: Page, tmp_path: Path, postgresql: PostgreSQL, redis_server: Redis
) -> None:
    with (
        postgresql.database() as database,
        Server(tmp_path, GENEROUS | {"DATABASE_URL": database, "REDIS_URL": redis_server.url}) as server,
    ):
        dashboard = Dashboard(browser_page, server.url)
        dashboard.log_in("alice")
        dashboard.connected()
        dashboard.open("/health")
        expect(browser_page.get_by_text("All parts answer.")).to_be_visible()
        redis_server.stop()
        try:
            dashboard.press("Check again")
            expect(browser_page.get_by_text("Something is amiss; what is sent still arrives.")).to_be_visible()
        finally:
            redis_server.start()
        server.kill9()
        dashboard.press("Check again")
        expect(browser_page.get_by_text("The server does not answer")).to_be_visible()
