"""The guides: docs/, and the pages at ``/docs``."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import ROOT
from app.events import markdown
from app.reference.guides import FIRST, guides

NAMES = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
FILES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


class Page(HTMLParser):
    """What a page links to, and what in it can be linked to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.add(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag in ("link", "script", "img"):
            self.loads.append(found.get("href") or found.get("src") or "")


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def pages(http: FlaskClient) -> dict[str, Page]:
    return {name: Page(http.get(f"/docs/{name}").get_data(as_text=True)) for name in guides()}


def test_docs_lead_to_the_first_guide(http: FlaskClient) -> None:
    answer = http.get("/docs")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/docs/{FIRST}")


def test_every_guide_is_a_page_and_is_listed_on_each(http: FlaskClient, pages: dict[str, Page]) -> None:
    assert sorted(pages) == NAMES
    for name, page in pages.items():
        assert http.get(f"/docs/{name}").status_code == 200
        assert {f"/docs/{other}" for other in NAMES} <= set(page.links)


def test_there_are_no_other_guides(http: FlaskClient) -> None:
    for name in ("nothing", "..%2FREADME", "start.md"):
        assert http.get(f"/docs/{name}").status_code == 404


def test_no_page_loads_anything_from_another_host(pages: dict[str, Page]) -> None:
    assert [load for page in pages.values() for load in page.loads if not load.startswith("/")] == []


def test_every_link_from_a_page_leads_somewhere(http: FlaskClient, pages: dict[str, Page]) -> None:
    lost = []
    for name, page in pages.items():
        for link in page.links:
            target, _, part = link.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            guide = pages.get(target.removeprefix("/docs/") if target else name)
            if (guide is None and http.get(target).status_code != 200) or (guide and part and part not in guide.ids):
                lost.append((name, link))
    assert lost == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_that_a_guide_names_is_there(file: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", file.read_text())
    assert [link for link in links if "://" not in link and not (file.parent / link).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_guide_is_on_the_map(name: str) -> None:
    assert f"docs/{name}.md" in (ROOT / "README.md").read_text()


def test_the_reference_of_events_is_that_of_the_catalogue() -> None:
    assert markdown.DOCUMENT.read_text() == markdown.document(), "write it anew: make docs"
