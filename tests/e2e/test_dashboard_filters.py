"""Live events by room and by user, rooms that one adds, and what is left after a reload."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenDashboard
from tests.support.api import Api
from tests.support.dashboard import Dashboard, create_task, new_title, notify
from tests.support.server import Server


@pytest.fixture
def dashboard(open_dashboard: OpenDashboard) -> Dashboard:
    """Alice's, in all her rooms."""
    dashboard = open_dashboard("alice")
    dashboard.ready()
    return dashboard


def write_to_launch(api: Api, content: str) -> None:
    conversation = api.get("/api/chat/conversations?limit=100").json["items"][-1]["id"]
    assert api.post(f"/api/chat/conversations/{conversation}/messages", {"content": content}).status == 201


def test_the_room_filters(dashboard: Dashboard, alice: Api, bob: Api) -> None:
    title = new_title()
    notify(alice, title)
    write_to_launch(bob, title)
    expect(dashboard.event("new-notification", title)).to_be_visible()
    dashboard.page.get_by_label("Room", exact=True).select_option(label="chat: Launch")
    expect(dashboard.event("new-message", title)).to_be_visible()
    expect(dashboard.event("new-notification", title)).to_be_hidden()


def test_a_change_of_a_task_told_before_is_of_that_tasks_rooms(
    open_dashboard: OpenDashboard, manager: Api, alice: Api
) -> None:
    title = new_title()
    id = create_task(manager, alice, title)
    dashboard = open_dashboard("alice")
    dashboard.ready()
    dashboard.page.get_by_label("Room", exact=True).select_option(label="tasks: Yours")
    alice.patch(f"/api/tasks/{id}/progress", {"progress": 40})
    expect(dashboard.event("task-progress-updated", title)).to_be_visible()
    dashboard.page.get_by_label("Room", exact=True).select_option(label="team: Product")
    expect(dashboard.event("task-progress-updated", title)).to_be_hidden()


def test_the_user_filters(dashboard: Dashboard, manager: Api, alice: Api, bob: Api) -> None:
    title = new_title()
    create_task(manager, alice, title)
    write_to_launch(bob, title)
    expect(dashboard.event("new-message", title)).to_be_visible()
    dashboard.page.get_by_label("User", exact=True).select_option(label="Manager")
    expect(dashboard.event("task-assigned", title)).to_be_visible()
    expect(dashboard.event("new-message", title)).to_be_hidden()


def test_filters_survive_a_reload(dashboard: Dashboard) -> None:
    dashboard.page.get_by_label("Channel").select_option("tasks")
    dashboard.page.get_by_label("Room", exact=True).select_option(label="team: Product")
    dashboard.search.fill("word")
    dashboard.page.reload()
    dashboard.ready()
    expect(dashboard.page.get_by_label("Channel")).to_have_value("tasks")
    expect(dashboard.page.get_by_label("Room", exact=True)).to_have_value(re.compile("^team-"))
    expect(dashboard.page.locator("#room option:checked")).to_have_text("team: Product")
    expect(dashboard.search).to_have_value("word")


def test_an_address_with_a_filter_that_there_is_not_shows_all(open_dashboard: OpenDashboard, alice: Api) -> None:
    dashboard = open_dashboard("alice", "?channel=nonsense&toString=1")
    dashboard.ready()
    title = new_title()
    notify(alice, title)
    expect(dashboard.event("new-notification", title)).to_be_visible()


def test_events_survive_a_reload(dashboard: Dashboard, alice: Api) -> None:
    title = new_title()
    notify(alice, title)
    expect(dashboard.event("new-notification", title)).to_be_visible()
    dashboard.page.reload()
    dashboard.ready()
    expect(dashboard.event("new-notification", title)).to_have_count(1)


def test_what_happened_while_another_page_was_open_shows_up(dashboard: Dashboard, alice: Api) -> None:
    dashboard.page.get_by_role("link", name="Health").click()
    dashboard.connected()
    title = new_title()
    notify(alice, title)
    dashboard.page.get_by_role("link", name="Live").click()
    dashboard.ready()
    expect(dashboard.event("new-notification", title)).to_have_count(1)


def test_events_are_forgotten_when_one_logs_out(browser_page: Page, server: Server, alice: Api) -> None:
    dashboard = Dashboard(browser_page, server.url)
    dashboard.log_in("alice")
    dashboard.ready()
    title = new_title()
    notify(alice, title)
    expect(dashboard.event("new-notification", title)).to_be_visible()
    dashboard.page.get_by_role("link", name="Health").click()
    dashboard.press("Log out")
    expect(dashboard.page.get_by_role("heading", name="Log in")).to_be_visible()
    dashboard.log_in("alice")
    dashboard.ready()
    expect(dashboard.event("new-notification", title)).to_have_count(0)


def test_a_room_that_one_adds_is_heard_and_stays_after_a_reload(open_dashboard: OpenDashboard, alice: Api) -> None:
    dashboard = open_dashboard("manager")
    dashboard.ready()
    dashboard.page.get_by_label("Hear another room").fill(f"tasks-{alice.user['id']}")
    dashboard.press("Join")
    dashboard.ready()
    dashboard.page.reload()
    dashboard.ready()
    title = new_title()
    create_task(alice, alice, title)
    expect(dashboard.event("task-assigned", title)).to_be_visible()


def test_a_room_that_one_may_not_hear_is_refused(dashboard: Dashboard, bob: Api) -> None:
    dashboard.page.get_by_label("Hear another room").fill(f"notifications-{bob.user['id']}")
    dashboard.press("Join")
    expect(dashboard.rooms.last).to_contain_text("You may not join this room.")


def test_admins_are_offered_the_rooms_of_others(open_dashboard: OpenDashboard, alice: Api) -> None:
    dashboard = open_dashboard("admin")
    dashboard.ready()
    expect(dashboard.page.get_by_text("No room hears everything")).to_be_visible()
    offered = dashboard.page.locator(f'#room-names option[value="tasks-{alice.user["id"]}"]')
    expect(offered).to_have_attribute("label", "Tasks of Alice")
