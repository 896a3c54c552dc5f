"""The page of live events in a real browser, on a server started as users start it."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenDashboard
from tests.support.api import Api
from tests.support.dashboard import Dashboard, create_task, new_title, notify, start_conversation
from tests.support.push_service import wait_until
from tests.support.server import Server

PHONE_WIDTH = 360


@pytest.fixture
def dashboard(open_dashboard: OpenDashboard) -> Dashboard:
    """Alice's, in all her rooms."""
    dashboard = open_dashboard("alice")
    dashboard.ready()
    return dashboard


def test_a_wrong_password_is_told(browser_page: Page, server: Server) -> None:
    dashboard = Dashboard(browser_page, server.url)
    dashboard.log_in("alice", "wrong")
    expect(browser_page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")


def test_the_rooms_that_one_may_hear_are_joined(dashboard: Dashboard) -> None:
    expected = [
        ("user", "All about you"),
        ("notifications", "Yours"),
        ("tasks", "Yours"),
        ("analytics", "Yours"),
        ("department", "Engineering"),
        ("team", "Product"),
        ("chat", "Launch"),
    ]
    rows = [re.compile(rf"{kind}\s+{title}\s+joined") for kind, title in expected]
    expect(dashboard.rooms).to_contain_text(rows)


def test_an_empty_list_says_what_to_do(dashboard: Dashboard) -> None:
    dashboard.press("Send myself a notification")
    expect(dashboard.event("new-notification", "Hello there")).to_have_count(1)
    expect(dashboard.page.get_by_text("No events yet")).to_be_hidden()


def test_a_notification_appears(dashboard: Dashboard, alice: Api) -> None:
    title = new_title()
    notify(alice, title)
    expect(dashboard.event("new-notification", title)).to_be_visible()


def test_a_message_appears_with_who_wrote_it(dashboard: Dashboard, bob: Api) -> None:
    content = new_title()
    conversation = bob.get("/api/chat/conversations?limit=100").json["items"][-1]["id"]
    bob.post(f"/api/chat/conversations/{conversation}/messages", {"content": content})
    expect(dashboard.event("new-message", content)).to_contain_text("from Bob · in Launch")


def test_a_task_appears_with_its_payload(dashboard: Dashboard, manager: Api, alice: Api) -> None:
    title = new_title()
    id = create_task(manager, alice, title)
    event = dashboard.event("task-assigned", title)
    event.locator("summary").click()
    assert json.loads(event.locator("pre").inner_text())["id"] == id


def test_an_event_that_tells_no_title_shows_the_one_told_before(dashboard: Dashboard, manager: Api, alice: Api) -> None:
    title = new_title()
    id = create_task(manager, alice, title)
    alice.patch(f"/api/tasks/{id}/progress", {"progress": 40})
    expect(dashboard.event("task-progress-updated", title)).to_contain_text("40 %")


def test_the_newest_event_is_first(dashboard: Dashboard, alice: Api) -> None:
    titles = [new_title(), new_title()]
    for title in titles:
        notify(alice, title)
    expect(dashboard.events).to_contain_text([*reversed(titles)])


def test_markup_in_a_title_is_inert(dashboard: Dashboard, manager: Api, alice: Api) -> None:
    title = new_title("<img src=x onerror=\"document.title = 'broken'\">")
    create_task(manager, alice, title)
    event = dashboard.event("task-assigned", title)
    event.locator("summary").click()
    expect(event.locator("pre")).to_be_visible()
    expect(event.locator("img")).to_have_count(0)
    expect(dashboard.page).to_have_title("Live · Real-time task manager")


def test_a_title_that_turns_its_direction_turns_nothing_else(dashboard: Dashboard, alice: Api) -> None:
    title = "\u202e" + new_title("evil")
    notify(alice, title)
    parts = dashboard.event("new-notification", title).locator(".words bdi")
    expect(parts.first).to_have_text(title)
    title_box, message_box = parts.first.bounding_box(), parts.nth(1).bounding_box()
    assert title_box is not None
    assert message_box is not None
    assert message_box["x"] >= title_box["x"] + title_box["width"], "the message stands behind the title"


def test_a_message_that_was_read_is_told_by_who_read_it(dashboard: Dashboard, alice: Api, bob: Api) -> None:
    conversation = bob.get("/api/chat/conversations?limit=100").json["items"][-1]["id"]
    message = bob.post(f"/api/chat/conversations/{conversation}/messages", {"content": new_title()}).json
    alice.post(f"/api/chat/conversations/{conversation}/read", {"messageId": message["id"]})
    expect(dashboard.event("message-read", "has read")).to_contain_text("you · in Launch")


def test_the_channel_filters(dashboard: Dashboard, manager: Api, alice: Api) -> None:
    title = new_title()
    create_task(manager, alice, title)
    expect(dashboard.event("new-notification", title)).to_be_visible()
    dashboard.page.get_by_label("Channel").select_option("tasks")
    expect(dashboard.event("task-assigned", title)).to_be_visible()
    expect(dashboard.event("new-notification", title)).to_be_hidden()


def test_the_event_filters(dashboard: Dashboard, manager: Api, alice: Api) -> None:
    title = new_title()
    id = create_task(manager, alice, title)
    alice.patch(f"/api/tasks/{id}/progress", {"progress": 40})
    dashboard.page.get_by_label("Event", exact=True).select_option("task-progress-updated")
    expect(dashboard.event("task-progress-updated", title)).to_be_visible()
    expect(dashboard.event("task-assigned", title)).to_be_hidden()


def test_the_search_looks_into_the_payload(dashboard: Dashboard, manager: Api, alice: Api) -> None:
    found, other = new_title(), new_title()
    id = create_task(manager, alice, found)
    create_task(manager, alice, other)
    expect(dashboard.event("task-assigned", other)).to_be_visible()
    dashboard.page.get_by_label("Search").fill(f'"id": "{id}"')
    expect(dashboard.event("task-assigned", found)).to_be_visible()
    expect(dashboard.event("task-assigned", other)).to_be_hidden()


def test_filters_hold_for_events_to_come(dashboard: Dashboard, manager: Api, alice: Api) -> None:
    dashboard.page.get_by_label("Channel").select_option("tasks")
    title = new_title()
    create_task(manager, alice, title)
    expect(dashboard.event("task-assigned", title)).to_be_visible()
    expect(dashboard.event("new-notification", title)).to_be_hidden()


def test_filters_that_let_nothing_through_can_be_dropped(dashboard: Dashboard, alice: Api) -> None:
    title = new_title()
    notify(alice, title)
    dashboard.page.get_by_label("Search").fill("no such thing")
    expect(dashboard.event("new-notification", title)).to_be_hidden()
    dashboard.press("Show all")
    expect(dashboard.event("new-notification", title)).to_be_visible()


def test_what_comes_while_paused_shows_when_resumed(dashboard: Dashboard, alice: Api) -> None:
    title = new_title()
    dashboard.press("Pause")
    notify(alice, title)
    expect(dashboard.page.get_by_text("Paused; 1 waiting.")).to_be_visible()
    expect(dashboard.event("new-notification", title)).to_have_count(0)
    dashboard.press("Resume")
    expect(dashboard.event("new-notification", title)).to_be_visible()


def test_clear_empties_the_list(dashboard: Dashboard, alice: Api) -> None:
    notify(alice, new_title())
    expect(dashboard.events).to_have_count(1)
    dashboard.press("Clear")
    expect(dashboard.events).to_have_count(0)
    expect(dashboard.page.get_by_text("No events yet")).to_be_visible()


@pytest.mark.parametrize(
    ("label", "button", "event"),
    [
        ("Notify yourself", "Send", "new-notification"),
        ("Write to a conversation", "Post", "new-message"),
        ("Give yourself a task", "Create", "task-assigned"),
    ],
)
def test_try_it_causes_an_event(dashboard: Dashboard, label: str, button: str, event: str) -> None:
    text = new_title()
    dashboard.page.get_by_label(label).fill(text)
    dashboard.press(button)
    expect(dashboard.event(event, text)).to_be_visible()


def test_a_refused_try_says_why(dashboard: Dashboard) -> None:
    dashboard.page.get_by_label("Notify yourself").fill("   ")
    dashboard.press("Send")
    expect(dashboard.page.get_by_text("That did not work: The request is not valid. title")).to_be_visible()


def test_a_room_that_one_may_no_longer_hear_is_left(browser_page: Page, server: Server, bob: Api, alice: Api) -> None:
    title = new_title("Room")
    conversation = start_conversation(bob, alice, title)
    dashboard = Dashboard(browser_page, server.url)
    dashboard.log_in("alice")
    dashboard.ready()
    bob.delete(f"/api/chat/conversations/{conversation}/participants/{alice.user['id']}")
    expect(dashboard.rooms.filter(has_text=title)).to_contain_text("left: removed")


def test_who_does_not_look_at_the_page_is_away(browser_page: Page, server: Server, bob: Api) -> None:
    dashboard = Dashboard(browser_page, server.url)
    dashboard.log_in("bob")
    dashboard.ready()

    def status() -> str:
        (item,) = bob.get(f"/api/presence?userIds={bob.user['id']}").json["items"]
        return str(item["status"])

    turn = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); "
    turn += "document.dispatchEvent(new Event('visibilitychange')) }"
    for hidden, expected in ((True, "away"), (False, "online")):
        dashboard.page.evaluate(turn, hidden)
        wait_until(lambda expected=expected: status() == expected, f"bob is not {expected}")  # type: ignore[misc]


def test_a_log_out_in_another_tab_ends_the_session_here(browser_page: Page, server: Server) -> None:
    dashboard = Dashboard(browser_page, server.url)
    dashboard.log_in("alice")
    dashboard.ready()
    other = dashboard.page.context.new_page()
    other.goto(f"{dashboard.url}/dashboard")
    other.get_by_role("button", name="Log out").click()
    dashboard.page.get_by_role("link", name="Log in again").click()
    expect(dashboard.page.get_by_role("heading", name="Log in")).to_be_visible()


def test_the_page_comes_back_after_an_outage(browser_page: Page, tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        dashboard = Dashboard(browser_page, server.url)
        dashboard.log_in("alice")
        dashboard.ready()
        server.kill9()
        expect(dashboard.connection).to_contain_text("Reconnecting …")
        server.start()
        dashboard.ready()
        title = new_title()
        notify(Api.as_demo_user(server.url, "alice"), title)
        expect(dashboard.event("new-notification", title)).to_be_visible()


def test_the_connection_outlives_its_token(browser_page: Page, tmp_path: Path) -> None:
    sockets: list[str] = []
    browser_page.on("websocket", lambda socket: sockets.append(socket.url))
    with Server(tmp_path, {"JWT_ACCESS_MINUTES": "0.1"}) as server:
        dashboard = Dashboard(browser_page, server.url)
        dashboard.log_in("alice")
        dashboard.ready()
        for _ in range(2):  # each after half of a lifetime
            browser_page.wait_for_event("response", lambda response: response.url.endswith("/dashboard/token"))
        dashboard.ready()
        assert len(sockets) == 1


def test_a_phone_needs_no_sideways_scrolling(dashboard: Dashboard, manager: Api, alice: Api) -> None:
    dashboard.page.set_viewport_size({"width": PHONE_WIDTH, "height": 740})
    title = new_title("x" * 100)
    create_task(manager, alice, title)
    event = dashboard.event("task-assigned", title)
    event.locator("summary").click()
    width = dashboard.page.locator("html").evaluate("page => page.scrollWidth")
    assert width == PHONE_WIDTH
