"""What holds of every page: the way to the others, by keyboard, on a phone, in light and in dark."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenDashboard
from tests.support.api import Api
from tests.support.dashboard import Dashboard, new_title, notify

PAGES = {"Live": "", "Now": "/now", "Health": "/health", "Try it": "/try"}
PHONE = {"width": 375, "height": 740}
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3

# Of each text that shows: its colour on all that lies beneath it, as a canvas mixes them.
POOR_CONTRASTS = """least => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const mix = colours => {
    canvas.fillStyle = "#fff";
    canvas.fillRect(0, 0, 1, 1);
    for (canvas.fillStyle of colours) canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(c => c / 255);
  };
  const luminance = rgb => rgb
    .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const beneath = of => (of ? [...beneath(of.parentElement), getComputedStyle(of).backgroundColor] : []);
  const texts = [...document.body.querySelectorAll("*")].filter(of =>
    of.checkVisibility() && [...of.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
  return texts.flatMap(of => {
    const behind = beneath(of);
    const [light, dark] = [luminance(mix(behind)), luminance(mix([...behind, getComputedStyle(of).color]))]
      .sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    return contrast < least ? [`${of.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`] : [];
  });
}"""


@pytest.fixture
def live(open_dashboard: OpenDashboard) -> Dashboard:
    """The live events of Alice."""
    return open_dashboard("alice")


def test_each_page_is_led_to_from_the_others_and_says_which_it_is(live: Dashboard) -> None:
    for name, path in PAGES.items():
        live.page.get_by_role("navigation").get_by_role("link", name=name).click()
        expect(live.page).to_have_url(f"{live.url}/dashboard{path}")
        expect(live.page.locator("[aria-current=page]")).to_have_text(name)
        expect(live.page.get_by_role("heading", level=1)).to_have_count(1)


@pytest.mark.parametrize("user", ["alice", "admin"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_and_fits_a_phone(open_dashboard: OpenDashboard, user: str, scheme: str) -> None:
    for path in PAGES.values():
        dashboard = open_dashboard(user, path)
        page = dashboard.page
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        for size in ({"width": 1280, "height": 800}, PHONE):
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
            assert page.evaluate(POOR_CONTRASTS, LEAST_CONTRAST) == []
            assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_the_first_tab_leads_past_the_bar(live: Dashboard) -> None:
    live.page.keyboard.press("Tab")
    expect(live.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    live.page.keyboard.press("Enter")
    expect(live.page.get_by_role("main")).to_be_focused()


def test_keys_search_pause_clear_and_go_to_other_pages(live: Dashboard, alice: Api) -> None:
    live.ready()
    notify(alice, new_title())
    expect(live.events).not_to_have_count(0)
    live.page.keyboard.press("p")
    expect(live.page.get_by_role("button", name="Resume")).to_be_visible()
    live.page.keyboard.press("c")
    expect(live.events).to_have_count(0)
    live.page.keyboard.press("/")
    expect(live.search).to_be_focused()
    live.page.keyboard.press("3")
    expect(live.search, "what is typed into a field is no shortcut").to_have_value("3")
    live.search.blur()
    live.page.keyboard.press("3")
    expect(live.page).to_have_url(f"{live.url}/dashboard/health")


def test_arrows_go_from_the_search_through_the_events_that_match(live: Dashboard, alice: Api) -> None:
    live.ready()
    titles = [new_title("Walk"), new_title("Hidden"), new_title("Walk")]
    for title in titles:
        notify(alice, title)
    expect(live.event("new-notification", titles[-1])).to_be_visible()
    live.search.fill("Walk")
    for key, focused in (("ArrowDown", titles[2]), ("ArrowDown", titles[0]), ("ArrowUp", titles[2])):
        live.page.keyboard.press(key)
        expect(live.page.locator("summary:focus")).to_contain_text(focused)
    live.page.keyboard.press("Enter")
    expect(live.event("new-notification", titles[2]).locator("pre")).to_be_visible()
    live.page.keyboard.press("ArrowUp")
    expect(live.search).to_be_focused()


def test_the_shortcuts_are_explained_and_can_be_switched_off(live: Dashboard) -> None:
    live.page.keyboard.press("?")
    expect(live.page.get_by_role("dialog")).to_contain_text("Pause")
    live.page.get_by_label("Single keys do this").uncheck()
    live.page.keyboard.press("Escape")
    live.page.keyboard.press("p")
    live.page.reload()
    live.connected()
    live.page.keyboard.press("p")
    expect(live.page.get_by_role("button", name="Pause")).to_be_visible()
