"""Markup in every text that somebody can set is shown as that text, in a real browser, on every page."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.e2e.scenarios import ok
from tests.security.aviary import person
from tests.support.api import DEMO_PASSWORD, Api
from tests.support.browser import chromium
from tests.support.dashboard import Dashboard
from tests.support.server import Server

MARKUP = "'\"></script><img src=x onerror=ran()><svg onload=ran()>"  # 56 characters, which fit everywhere
ELEMENTS = "img[src=x], svg[onload], [onerror]"
PAGES = ("/dashboard", "/dashboard/now", "/dashboard/health", "/dashboard/try")
OTHERS = ("/login", "/docs/security", "/api-docs", "/api-docs/events", "/nothing-here", "/api/auth/me", "/swagger.json")

# A page notes what runs in it, and what its policy stops: that was inserted as markup, too.
WATCH = """
  window.harm = [];
  window.ran = () => harm.push("a script ran");
  document.addEventListener("securitypolicyviolation", ({ blockedURI, violatedDirective }) =>
    harm.push(`${violatedDirective} stopped ${blockedURI}`));
"""


class Marked(NamedTuple):
    """Somebody whose name, team, department, conversation and task are marked; their mate in team and conversation."""

    api: Api
    mate: Api
    email: str
    conversation: str
    task: dict[str, Any]


@pytest.fixture(scope="module", params=["member", "admin"])
def marked(request: pytest.FixtureRequest, product: Server, admin: Api) -> Marked:
    email = f"marked-{request.param}@example.com"
    ok(Api(product.url).post("/api/auth/register", {"email": email, "password": DEMO_PASSWORD, "name": MARKUP}))
    api, mate = Api(product.url).login(email, DEMO_PASSWORD), person(product.url)
    if request.param == "admin":
        ok(admin.patch(f"/api/users/{api.user['id']}", {"role": "admin"}))
    for groups in ("teams", "departments"):
        group = ok(admin.post(f"/api/{groups}", {"name": MARKUP}))["id"]
        ok(admin.put(f"/api/{groups}/{group}/members/{api.user['id']}"))
        if groups == "teams":
            ok(admin.put(f"/api/{groups}/{group}/members/{mate.user['id']}"))
    talk = ok(api.post("/api/chat/conversations", {"title": MARKUP, "participantIds": [mate.user["id"]]}))
    task = ok(api.post("/api/tasks", {"title": MARKUP, "description": MARKUP, "assigneeId": api.user["id"]}))
    return Marked(api, mate, email, talk["id"], task)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    opened = context.new_page()
    opened.add_init_script(WATCH)
    yield opened
    context.close()


@pytest.fixture(scope="module")
def cookies(browser: Browser, product: Server, marked: Marked) -> Any:
    """Of a browser that the marked user logged in with."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{product.url}/login")
    page.get_by_label("E-mail address").fill(marked.email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.keyboard.press("Enter")
    Dashboard(page, product.url).connected()
    kept = context.cookies()
    context.close()
    return kept


@pytest.fixture
def dashboard(page: Page, product: Server, cookies: Any) -> Dashboard:
    """Of the marked user, who has logged in; no page of it is open."""
    page.context.add_cookies(cookies)
    return Dashboard(page, product.url)


def check(page: Page) -> None:
    """Nothing of the page came of markup that somebody wrote."""
    expect(page.locator(ELEMENTS)).to_have_count(0)
    assert page.evaluate("window.harm") == []


def opened(page: Page, address: str) -> Response:
    response = page.goto(address)
    assert response is not None
    return response


def test_markup_that_is_inserted_is_noticed(page: Page, product: Server) -> None:
    """What the other tests of this file stand on."""
    opened(page, f"{product.url}/login")
    page.evaluate("markup => document.body.insertAdjacentHTML('beforeend', markup)", MARKUP)
    expect(page.locator(ELEMENTS)).not_to_have_count(0)
    page.wait_for_function("window.harm.length > 0")


@pytest.mark.parametrize("path", PAGES)
def test_names_and_titles_are_text_on_each_page(path: str, dashboard: Dashboard) -> None:
    opened(dashboard.page, f"{dashboard.url}{path}")
    dashboard.connected()
    expect(dashboard.page.locator("body")).to_contain_text(MARKUP)
    dashboard.page.wait_for_load_state("networkidle")
    check(dashboard.page)


def test_what_is_in_events_is_text_closed_and_opened(dashboard: Dashboard, marked: Marked) -> None:
    dashboard.open()
    dashboard.ready()
    told = tell(marked)
    for event in told:
        named = dashboard.page.get_by_text(event, exact=True)
        expect(dashboard.events.filter(has=named).first).to_contain_text(MARKUP)
    check(dashboard.page)
    for summary in dashboard.events.locator("summary").all():
        summary.click()
    expect(dashboard.events.locator("pre").filter(has_text="onerror=ran()").first).to_be_visible()
    check(dashboard.page)
    dashboard.page.reload()  # they are kept, and made anew
    dashboard.ready()
    expect(dashboard.event("new-notification", MARKUP)).not_to_have_count(0)
    check(dashboard.page)


def tell(marked: Marked) -> list[str]:
    """Have an event of each kind with a text that somebody can set; their names."""
    note = {"type": MARKUP, "title": MARKUP, "message": MARKUP, "data": {MARKUP: [MARKUP]}}
    ok(marked.api.post("/api/notifications", {"userId": marked.api.user["id"], **note}))
    messages = f"/api/chat/conversations/{marked.conversation}/messages"
    message = ok(marked.mate.post(messages, {"content": MARKUP}))["id"]
    ok(marked.mate.patch(f"/api/chat/messages/{message}", {"content": f"{MARKUP} again"}))
    ok(marked.mate.put(f"/api/chat/messages/{message}/reactions/{quote('👍')}"))
    assert marked.mate.put(f"/api/chat/messages/{message}/reactions/{quote(MARKUP, safe='')}").status in {400, 404}
    task = f"/api/tasks/{marked.task['id']}"
    ok(marked.api.patch(task, {"title": f"{MARKUP} anew"}))
    ok(marked.api.post(f"{task}/notes", {"content": MARKUP}))
    ok(marked.api.post("/api/tasks", {"title": MARKUP, "assigneeId": marked.api.user["id"]}))
    return ["new-notification", "new-message", "message-updated", "task-assigned", "task-updated", "task-note-added"]


@pytest.mark.parametrize("path", PAGES)
def test_markup_in_an_address_is_no_markup_of_the_page(path: str, dashboard: Dashboard) -> None:
    names = map(quote, ("channel", "event", "room", "user", "text", "next", MARKUP))
    query = "&".join(f"{name}={quote(MARKUP)}" for name in names)
    assert opened(dashboard.page, f"{dashboard.url}{path}?{query}#{quote(MARKUP)}").status == 200
    dashboard.connected()
    check(dashboard.page)


@pytest.mark.parametrize(
    "path", [f"/login?next=/{quote(MARKUP)}", f"/docs/{quote(MARKUP, safe='')}", f"/{quote(MARKUP)}"]
)
def test_markup_in_an_address_for_strangers_is_no_markup_of_the_answer(path: str, page: Page, product: Server) -> None:
    opened(page, f"{product.url}{path}")
    check(page)


def test_markup_in_a_refused_login_comes_back_as_text(page: Page, product: Server) -> None:
    opened(page, f"{product.url}/login")
    email = f"{MARKUP}@example.com"
    page.locator("input[name=email]").evaluate("field => { field.type = 'text'; field.form.noValidate = true; }")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(MARKUP)
    page.locator("input[name=password]").press("Enter")
    expect(page.get_by_text("This is not an e-mail address.")).to_be_visible()
    expect(page.locator("input[name=email]")).to_have_value(email)
    check(page)


# --- what the browser is told


def policy_of(response: Response) -> dict[str, list[str]]:
    parts = response.headers["content-security-policy"].split("; ")
    return {name: words for name, *words in (part.split() for part in parts)}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_lets_nothing_foreign_or_inline_run_and_nobody_frame_it(path: str, dashboard: Dashboard) -> None:
    response = opened(dashboard.page, f"{dashboard.url}{path}")
    policy = policy_of(response)
    assert policy["default-src"] == ["'self'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "blob:"} & {
        word for words in policy.values() for word in words
    }
    assert (policy["frame-ancestors"], policy["object-src"]) == (["'none'"], ["'none'"])
    assert (policy["base-uri"], policy["form-action"]) == (["'self'"], ["'self'"])
    check_headers(response.headers)


@pytest.mark.parametrize("path", OTHERS)
def test_nothing_that_strangers_see_is_sniffed_nor_framed_nor_told_to_other_sites(path: str, product: Server) -> None:
    answer = Api(product.url).get(path, {"Accept": "text/html"})
    check_headers({name.lower(): value for name, value in answer.headers.items()})


def check_headers(headers: dict[str, str]) -> None:
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    if headers["content-type"].startswith("text/html"):
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_a_page_is_not_shown_in_a_frame(page: Page, product: Server) -> None:
    framed = "<iframe src='/login'></iframe>"
    page.route("**/framing", lambda route: route.fulfill(body=framed, content_type="text/html"))
    with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
        page.goto(f"{product.url}/framing")
