"""A click on what a push showed: the service worker, in a browser, closes it and brings the page forward.

Only a person's click lets a service worker focus or open a window, and a headless browser shows nothing that could be
clicked. So the event is dispatched in the worker, which notes what it would focus or open.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Worker

from tests.support.server import Server

WATCHED = """
WindowClient.prototype.focus = async function () { self.done.push(["focus", this.url]); return this; };
Clients.prototype.openWindow = async (url) => { self.done.push(["open", url]); };
null
"""
CLICK = """
async () => {
  self.done = [];
  const worked = [];
  const notification = { data: { url: "/dashboard" }, close: () => self.done.push(["close"]) };
  const waitUntil = (promise) => worked.push(promise);
  self.dispatchEvent(Object.assign(new Event("notificationclick"), { notification, waitUntil }));
  await Promise.all(worked);
  return self.done;
}
"""


@pytest.fixture
def context(browser: Chromium, cookies_of: Callable[[str], Any]) -> Iterator[BrowserContext]:
    """A browser whose user is logged in."""
    context = browser.new_context()
    context.add_cookies(cookies_of("alice"))
    yield context
    context.close()


@pytest.fixture
def worker(context: BrowserContext, server: Server) -> Worker:
    """The site's service worker, with no page open but one that has nothing to do with it."""
    page = context.new_page()
    page.goto(f"{server.url}/api-docs")
    with context.expect_event("serviceworker") as found:
        page.evaluate("navigator.serviceWorker.register('/push-worker.js').then(() => null)")
    worker = found.value
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    worker.evaluate(WATCHED)
    return worker


def test_a_click_closes_what_was_shown_and_opens_the_page_where_none_is_open(worker: Worker, server: Server) -> None:
    assert worker.evaluate(CLICK) == [["close"], ["open", f"{server.url}/dashboard"]]


@pytest.mark.parametrize("query", ["", "?channel=chat&text=late", "#log"])
def test_a_click_focuses_the_page_that_is_open_whatever_is_filtered_there(
    context: BrowserContext, worker: Worker, server: Server, query: str
) -> None:
    url = f"{server.url}/dashboard{query}"
    context.new_page().goto(url)
    assert worker.evaluate(CLICK) == [["close"], ["focus", url]]


def test_a_page_of_another_path_is_not_taken_for_it(context: BrowserContext, worker: Worker, server: Server) -> None:
    context.new_page().goto(f"{server.url}/dashboard/health?from=/dashboard")
    assert worker.evaluate(CLICK) == [["close"], ["open", f"{server.url}/dashboard"]]
