"""Pushes of started servers: what a kill leaves behind, two processes, TLS, and the dashboard's button."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.api import DEMO_PASSWORD, Api
from tests.support.demo import GENEROUS
from tests.support.js_client import JsPeer
from tests.support.push_service import CERTIFICATE, Browser, Push, PushService, wait_until
from tests.support.server import Server
from tests.support.services import PostgreSQL, Redis
from tests.support.sqlite import damage

SUBSCRIPTIONS = "/api/push/subscriptions"
SOON = {"PUSH_DELAY_SECONDS": "0.3"}
SHOWN = "self.shown = []; self.registration.showNotification = async (...shown) => { self.shown.push(shown) }; null"


@pytest.fixture
def push_service() -> Iterator[PushService]:
    with PushService() as running:
        yield running


def subscribe(api: Api, service: PushService) -> Browser:
    browser = service.browser()
    assert api.post(SUBSCRIPTIONS, browser.subscription).status == 201
    return browser


def notify(api: Api, title: str, type: str = "note") -> None:
    body = {"userId": api.user["id"], "type": type, "title": title, "message": "Look"}
    assert api.post("/api/notifications", body).status == 201


def write(sender: Api, other: Api, content: str) -> None:
    form = {"participantIds": [other.user["id"]]}
    conversation = sender.post("/api/chat/conversations", form).json["id"]
    assert sender.post(f"/api/chat/conversations/{conversation}/messages", {"content": content}).status == 201


def test_what_is_committed_right_before_a_kill_is_pushed_after_the_start(tmp_path: Path) -> None:
    with PushService(CERTIFICATE) as service, Server(tmp_path, SOON | {"SSL_CERT_FILE": str(CERTIFICATE)}) as server:
        alice, bob = (Api.as_demo_user(server.url, name) for name in ("alice", "bob"))
        phone = subscribe(alice, service)
        write(bob, alice, "Before the kill")
        server.kill9()
        server.start()
        write(bob, alice, "After it")
        phone.wait_for(2)
        assert sorted(push.message["body"] for push in phone.pushes) == ["After it", "Before the kill"]
    assert damage(server.database_path) == []


def test_two_processes_push_each_once_and_one_goes_on_alone(
    postgresql: PostgreSQL,
    redis_server: Redis,
    tmp_path_factory: pytest.TempPathFactory,
    push_service: PushService,
    js: JsPeer,
) -> None:
    folders = [tmp_path_factory.mktemp(name) for name in ("instance", "here", "there")]
    with postgresql.database() as database:
        env = {"DATABASE_URL": database, "REDIS_URL": redis_server.url, "INSTANCE_PATH": str(folders[0])}
        with Server(folders[1], GENEROUS | SOON | env) as here, Server(folders[2], GENEROUS | SOON | env) as there:
            alice, bob = (Api.as_demo_user(here.url, name) for name in ("alice", "bob"))
            phone, bobs = subscribe(alice, push_service), subscribe(bob, push_service)
            socket = js.connect(there.url, auth={"token": bob.token})
            assert socket.emit("join-notifications", bob.user["id"])["ok"]  # is there, in the other process
            titles = [f"Number {number:02}" for number in range(20)]
            for number, title in enumerate(titles):
                notify((alice, alice.at(there.url))[number % 2], title, f"type {number}")
                notify(bob, title)
            phone.wait_for(len(titles))
            notify(alice, "Last")
            here.kill9()
            wait_until(lambda: "Last" in phone.titles, "the other process does not go on")
            assert sorted(phone.titles) == ["Last", *titles]
            assert bobs.pushes == []


# --- in a browser, whose maker's push service can't be reached: that one is the test's


def page_with(service_browser: Browser, context: BrowserContext) -> Page:
    """A page whose browser subscribes with the test's push service."""
    subscription = json.dumps(service_browser.subscription)
    context.add_init_script(
        f"""
        const toJSON = () => ({subscription});
        const standard = (text) => text.replaceAll("-", "+").replaceAll("_", "/");
        const bytes = (text) => Uint8Array.from(atob(standard(text)), (character) => character.charCodeAt());
        const subscription = () => ({{
          endpoint: toJSON().endpoint,
          options: {{ applicationServerKey: bytes(localStorage.getItem("subscribed")).buffer }},
          toJSON,
          unsubscribe: async () => localStorage.removeItem("subscribed"),
        }});
        PushManager.prototype.getSubscription = async () => localStorage.getItem("subscribed") && subscription();
        PushManager.prototype.subscribe = async ({{ applicationServerKey }}) => {{
          localStorage.setItem("subscribed", applicationServerKey);
          return subscription();
        }};
        """
    )
    return context.new_page()


def log_in(page: Page, url: str, name: str = "alice") -> None:
    page.goto(f"{url}/dashboard")
    page.get_by_label("E-mail address").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.keyboard.press("Enter")


def deliver(push: Push, to: Page) -> None:
    """Hand a push to the service worker of the page's site, as the browser does with what its push service sends."""
    cdp = to.context.new_cdp_session(to)
    found: list[dict[str, Any]] = []
    cdp.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    cdp.send("ServiceWorker.enable")
    while not found:
        to.wait_for_timeout(20)
    place = {"origin": found[0]["scopeURL"], "registrationId": found[0]["registrationId"]}
    cdp.send("ServiceWorker.deliverPushMessage", place | {"data": json.dumps(push.message)})


def test_the_button_subscribes_and_the_service_worker_shows_what_is_pushed(
    browser: Chromium, server: Server, alice: Api, push_service: PushService
) -> None:
    context = browser.new_context()
    context.grant_permissions(["notifications"], origin=server.url)
    device = push_service.browser()
    page = page_with(device, context)
    log_in(page, server.url)
    page.get_by_role("button", name="Notify me on this device").click()
    expect(page.get_by_role("button", name="Don't notify me here")).to_be_visible()
    (worker,) = context.service_workers
    assert worker.url == f"{server.url}/push-worker.js"
    page.goto(f"{server.url}/login")  # leads back, and the subscription is renewed
    expect(page.get_by_role("button", name="Don't notify me here")).to_be_visible()

    page.goto(f"{server.url}/api-docs")  # has no socket: she is gone
    notify(alice, "While you were away")
    (push,) = device.wait_for(1)
    assert push.public_key == page.evaluate("localStorage.getItem('subscribed')")
    worker.evaluate(SHOWN)
    deliver(push, page)
    wait_until(lambda: bool(worker.evaluate("self.shown.length")), "nothing is shown")
    ((title, options),) = worker.evaluate("self.shown")
    assert (title, options["body"], options["tag"]) == ("While you were away", "Look", "notification-note")
    assert options["data"] == {"url": "/dashboard"}

    page.goto(f"{server.url}/dashboard")
    page.get_by_role("button", name="Don't notify me here").click()
    expect(page.get_by_role("button", name="Notify me on this device")).to_be_visible()
    assert alice.delete(SUBSCRIPTIONS, {"endpoint": device.endpoint}).status == 404
    context.close()


def test_who_uses_the_browser_next_ends_the_subscription_of_another(
    browser: Chromium, server: Server, push_service: PushService
) -> None:
    context = browser.new_context()
    context.grant_permissions(["notifications"], origin=server.url)
    page = page_with(push_service.browser(), context)
    log_in(page, server.url)
    page.get_by_role("button", name="Notify me on this device").click()
    expect(page.get_by_role("button", name="Don't notify me here")).to_be_visible()
    context.clear_cookies()
    log_in(page, server.url, "bob")
    expect(page.get_by_role("button", name="Notify me on this device")).to_be_visible()
    assert page.evaluate("localStorage.getItem('subscribed')") is None
    context.close()
