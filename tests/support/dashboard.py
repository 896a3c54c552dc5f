"""The pages of the dashboard in a browser, as tests go about them."""

import re
from itertools import count

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.support.api import DEMO_PASSWORD, Api

RECONNECT_MS = 20_000  # a server's start, and the client's back-off
numbers = count(1)


class Dashboard:
    """A browser at the pages of the dashboard."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []  # of its scripts, and what the content security policy stopped
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._on_console)

    def open(self, path: str = "") -> None:
        """Go to a page: Live, or that of ``path``, such as ``/now``."""
        self.page.goto(f"{self.url}/dashboard{path}")

    def log_in(self, name: str, password: str = DEMO_PASSWORD) -> None:
        """Open the dashboard, and pass the login form that it leads to."""
        self.open()
        self.page.get_by_label("E-mail address").fill(f"{name}@example.com")
        self.page.get_by_label("Password").fill(password)
        self.page.keyboard.press("Enter")

    def connected(self) -> None:
        """Wait until the page is connected."""
        expect(self.connection).to_have_text("Connected", timeout=RECONNECT_MS)

    def ready(self) -> None:
        """Wait until the page is connected and in all its rooms."""
        self.connected()
        expect(self.page.locator("#rooms-count")).to_have_text(re.compile(r"^(\d+) of \1 joined$"))

    @property
    def connection(self) -> Locator:
        return self.page.locator("#connection")

    @property
    def rooms(self) -> Locator:
        return self.page.locator("#rooms").get_by_role("listitem")

    @property
    def events(self) -> Locator:
        return self.page.get_by_role("log", name="Events").get_by_role("listitem")

    def event(self, name: str, text: str) -> Locator:
        """The events of that name that show ``text``."""
        named = self.page.get_by_text(name, exact=True)
        return self.events.filter(has=named).filter(has_text=text)

    @property
    def search(self) -> Locator:
        return self.page.get_by_label("Search")

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def _on_console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.errors.append(message.text)


def new_title(words: str = "Number") -> str:
    """A title that no other thing of this test process has."""
    return f"{words} {next(numbers)}."


def notify(api: Api, title: str) -> None:
    """Notify oneself."""
    body = {"userId": api.user["id"], "type": "note", "title": title, "message": "Look"}
    assert api.post("/api/notifications", body).status == 201


def create_task(api: Api, assignee: Api, title: str) -> str:
    """Give somebody a task; its id."""
    answer = api.post("/api/tasks", {"title": title, "assigneeId": assignee.user["id"]})
    assert answer.status == 201
    id: str = answer.json["id"]
    return id


def start_conversation(api: Api, other: Api, title: str) -> str:
    """Begin a conversation with somebody; its id."""
    answer = api.post("/api/chat/conversations", {"title": title, "participantIds": [other.user["id"]]})
    assert answer.status == 201
    id: str = answer.json["id"]
    return id
