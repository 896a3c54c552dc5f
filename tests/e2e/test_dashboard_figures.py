"""What the dashboard shows admins of the server: figures, rooms, people, alerts, and the way of an event."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.dashboard import Dashboard, new_title, notify
from tests.support.demo import GENEROUS, demo_user
from tests.support.js_client import JsPeer
from tests.support.server import Server

SETTINGS = GENEROUS | {"SAMPLE_SECONDS": "0.5", "ALERT_AUTH_FAILURES_PER_SECOND": "1"}
PLOTS = ("Connections", "Deliveries a second", "Latency", "Hub lag", "Backlog", "Memory")
SOON_MS = 20_000  # the page asks every five seconds, and for lists every ten

admin, bob = (demo_user(name, of="watched", scope="module") for name in ("admin", "bob"))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("watched"), SETTINGS) as running:
        yield running


@pytest.fixture
def dashboard(browser_page: Page, watched: Server) -> Iterator[Dashboard]:
    """The admin's; at the end nothing must have gone wrong in it."""
    dashboard = Dashboard(browser_page, watched.url)
    dashboard.log_in("admin")
    dashboard.connected()
    yield dashboard
    assert dashboard.errors == []


def samples(admin: Api) -> Any:
    return admin.get("/api/monitoring/samples").json["items"]


def row(dashboard: Dashboard, table: str, name: str) -> Locator:
    region = dashboard.page.get_by_role("region", name=table).last
    return region.get_by_role("row").filter(has_text=name)


def plot(dashboard: Dashboard, title: str) -> Locator:
    return dashboard.page.get_by_role("img", name=re.compile(f"^{title}"))


def test_each_figure_is_plotted(dashboard: Dashboard) -> None:
    dashboard.open("/now")
    for title in PLOTS:
        expect(plot(dashboard, title)).to_have_accessible_name(re.compile(r": \S+( / \S+)? in [0-9a-f]+$"))
        expect(plot(dashboard, title).locator("canvas")).to_be_visible()


def test_the_arrow_keys_go_through_the_hour_in_all_plots_at_once(dashboard: Dashboard) -> None:
    dashboard.open("/now")
    plot(dashboard, "Connections").focus()
    dashboard.page.keyboard.press("ArrowLeft")
    for title in ("Connections", "Memory"):
        expect(plot(dashboard, title)).to_have_accessible_name(re.compile(r": \d\d:\d\d:\d\d, "))


def test_the_plots_follow_the_width_of_the_page(dashboard: Dashboard) -> None:
    dashboard.open("/now")
    expect(plot(dashboard, "Memory")).to_be_visible()
    dashboard.page.set_viewport_size({"width": 375, "height": 740})
    expect(plot(dashboard, "Memory").locator("canvas")).to_have_css("width", re.compile(r"^3[0-4]\d(\.\d+)?px$"))
    assert dashboard.page.evaluate("document.documentElement.scrollWidth") == 375


def test_the_figures_of_all_processes_are_added_up(dashboard: Dashboard, js: JsPeer, admin: Api) -> None:
    js.connect(admin.url, auth={"token": admin.token})
    wait_until(lambda: samples(admin)[-1]["connections"] > 0)
    dashboard.open("/now")
    expect(dashboard.page.locator("#tiles")).to_contain_text(re.compile(r"Connections\s*[1-9]"))
    expect(dashboard.page.locator("#processes-count")).to_have_text("1 running")


def test_rooms_have_sizes_and_people_devices(dashboard: Dashboard, js: JsPeer, bob: Api) -> None:
    team = bob.get("/api/auth/me").json["teams"][0]["id"]
    socket = js.connect(bob.url, auth={"token": bob.token})
    assert socket.emit("join-team", team)["ok"]
    dashboard.open("/now")
    expect(row(dashboard, "Largest rooms", "team: Product")).to_contain_text("1", timeout=SOON_MS)
    expect(row(dashboard, "Who is online", "Bob")).to_contain_text(re.compile(r"online\s*1"), timeout=SOON_MS)


def test_why_sockets_went_is_counted(dashboard: Dashboard, js: JsPeer, bob: Api) -> None:
    js.connect(bob.url, auth={"token": bob.token}).close()
    dashboard.open("/now")
    expect(row(dashboard, "Disconnects", "client disconnect")).to_be_visible(timeout=SOON_MS)


def test_an_alert_shows_when_it_is_raised(dashboard: Dashboard, watched: Server) -> None:
    dashboard.open("/health")
    expect(dashboard.page.get_by_text("Nothing was wrong so far.")).to_be_visible()
    alert = row(dashboard, "Alerts", "warning")
    for _ in range(600):
        Api(watched.url, "nonsense").get("/api/auth/me")
        if alert.is_visible():
            break
    expect(alert).to_contain_text("not yet")


def test_the_way_of_an_event_leads_from_the_commit_to_here(dashboard: Dashboard, admin: Api) -> None:
    dashboard.ready()
    title = new_title()
    notify(admin, title)
    event = dashboard.event("new-notification", title)
    event.locator("summary").click()
    way = event.get_by_role("list", name="The way of this event")
    steps = ("Committed", "Numbered", "Written to 1 socket by process", "Heard here")
    expect(way.get_by_role("listitem")).to_contain_text([re.compile(rf"{step}.*ms") for step in steps])


def test_the_figures_of_a_process_that_is_gone_are_still_there(
    dashboard: Dashboard, watched: Server, admin: Api
) -> None:
    watched.kill9()
    watched.start()
    wait_until(lambda: len({sample["process"] for sample in samples(admin)}) == 2)
    dashboard.open("/now")
    expect(dashboard.page.locator("#processes").get_by_role("row")).to_have_count(2)
