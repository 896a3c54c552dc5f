"""The page of what is now, for those who are no admins: their connection, whom they meet, their rooms."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenDashboard
from tests.support.api import Api
from tests.support.dashboard import Dashboard, start_conversation
from tests.support.js_client import JsPeer


@pytest.fixture
def now(open_dashboard: OpenDashboard) -> Dashboard:
    """Alice's, in all her rooms."""
    dashboard = open_dashboard("alice", "/now")
    dashboard.ready()
    return dashboard


def person(dashboard: Dashboard, name: str) -> Locator:
    return dashboard.page.get_by_role("row").filter(has=dashboard.page.get_by_role("rowheader", name=name))


def test_ones_connection_is_described(now: Dashboard) -> None:
    own = now.page.get_by_role("region", name="Your connection")
    expect(own).to_contain_text(re.compile(r"Since\s*\d\d:\d\d:\d\d\s*Carried by\s*websocket\s*Round trip\s*\d+ ms"))


def test_who_shares_a_room_is_listed(now: Dashboard) -> None:
    expect(person(now, "Alice (you)")).to_contain_text("online")
    expect(person(now, "Bob")).to_be_visible()
    expect(person(now, "Admin")).to_have_count(0)


def test_who_comes_shows_at_once(now: Dashboard, js: JsPeer, bob: Api) -> None:
    expect(person(now, "Bob")).to_be_visible()
    js.connect(now.url, auth={"token": bob.token})
    expect(person(now, "Bob")).to_contain_text("online")


def test_a_login_is_ended_from_another_one(now: Dashboard, js: JsPeer) -> None:
    other = Api.as_demo_user(now.url, "alice")
    socket = js.connect(now.url, auth={"token": other.token})
    now.page.reload()
    now.ready()
    logins = now.page.locator("#logins").get_by_role("row")
    expect(logins.filter(has_text="This one")).to_contain_text("yes")
    newest = logins.first
    expect(newest).to_contain_text("yes")
    newest.get_by_role("button").click()
    expect(now.page.get_by_text("It has ended.")).to_be_visible()
    assert socket.wait_for("error")[0]["code"] == "token_revoked"
    assert other.get("/api/auth/me").status == 401


def test_ones_rooms_are_listed_until_one_has_to_leave(open_dashboard: OpenDashboard, alice: Api, bob: Api) -> None:
    conversation = start_conversation(bob, alice, "For a while")
    dashboard = open_dashboard("alice", "/now")
    dashboard.ready()
    bob.delete(f"/api/chat/conversations/{conversation}/participants/{alice.user['id']}")
    expect(dashboard.rooms.filter(has_text="For a while")).to_contain_text("left: removed")


def test_the_figures_of_the_server_are_for_admins(now: Dashboard, open_dashboard: OpenDashboard) -> None:
    expect(now.page.get_by_role("heading", name="Processes")).to_have_count(0)
    open_dashboard("admin", "/now")
    expect(now.page.get_by_role("heading", name="Processes")).to_be_visible()
