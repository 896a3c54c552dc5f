"""The guides in docs/, as pages that need no other host."""

import posixpath
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin

from app.config import ROOT

FOLDER = ROOT / "docs"
FIRST = "start"
ELSEWHERE = re.compile(r"[a-z]+:|#|/")


class Guide(NamedTuple):
    """One page: its name in the address, its title, and its text as HTML."""

    name: str
    title: str
    html: str


@cache
def guides() -> dict[str, Guide]:
    """Every guide by its name, in the order in which :data:`FIRST` links to them; the others come behind."""
    found = {path.stem: _guide(path) for path in sorted(FOLDER.glob("*.md"))}
    order = dict.fromkeys([FIRST, *re.findall(r'href="([\w-]+)"', found[FIRST].html), *found])
    return {name: found[name] for name in order if name in found}


def _guide(path: Path) -> Guide:
    parser = MarkdownIt("commonmark").enable("table").use(anchors_plugin, max_level=3)
    tokens = parser.parse(path.read_text())
    for token in tokens:
        _relink(token.children or ())
    title = next(tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open")
    return Guide(path.stem, title, parser.renderer.render(tokens, parser.options, {}))


def _relink(tokens: Sequence[Token]) -> None:
    """Have links between guides lead to their pages, and those to source files nowhere: they are not served."""
    for token in tokens:
        if token.type != "link_open":
            continue
        target = str(token.attrs["href"])
        if ELSEWHERE.match(target):
            continue
        path, mark, part = target.partition("#")
        if path.endswith(".md") and "/" not in path:
            token.attrs["href"] = f"{path.removesuffix('.md')}{mark}{part}"
        else:
            token.tag, token.attrs = "span", {"class": "file", "title": posixpath.normpath(f"docs/{path}")}
