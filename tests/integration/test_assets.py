"""The files of the pages: kept for good in production, under an address that changes with them."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest
from werkzeug.test import TestResponse

from app import create_app
from app.config import Settings
from app.core.assets import version_of
from app.extensions import db

SECRETS = {"secret_key": "0123456789abcdefghijklmnopqrstuv", "jwt_secret_key": "vutsrqponmlkjihgfedcba9876543210"}


Get = Callable[..., TestResponse]


def getter(settings: Settings) -> Get:
    app = create_app(settings)
    with app.app_context():
        db.create_all()
        db.engine.dispose()
    return partial(app.test_client().get, buffered=True)


@pytest.fixture
def production(settings: Settings) -> Get:
    return getter(settings.model_copy(update={"app_env": "production", **SECRETS}))


def named_by(text: str, at: str) -> set[str]:
    """The paths that a page, script or style sheet at a path names."""
    found = re.findall(
        r"""(?:src|href)="([^"]*/static/[^"]+)"|(?:from|import|url)\s*\(?["'](\.{1,2}/[^"']+)["']""", text
    )
    return {normpath(join(dirname(at), absolute or relative)) for absolute, relative in found}


def test_every_file_of_a_page_is_kept_for_good_and_so_are_those_that_it_names(production: Get) -> None:
    waiting = {path for page in ("/login", "/docs/start") for path in named_by(production(page).text, page)}
    (version,) = {path.split("/")[2] for path in waiting}
    waiting.add(f"/static/{version}/js/now-server.js")
    seen = set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = production(path)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable", path
        waiting |= named_by(answer.text, path) - seen
    assert f"/static/{version}/vendor/uPlot.esm.js" in seen


def test_a_file_of_another_version_is_sent_and_kept_by_nobody(production: Get) -> None:
    answer = production("/static/v-0123456789abcdef/icon.svg")
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]


def test_without_a_version_clients_ask_again(production: Get) -> None:
    answer = production("/static/icon.svg")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert production("/static/icon.svg", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_during_development_no_file_is_kept(settings: Settings) -> None:
    development = getter(settings)
    paths = named_by(development("/login").text, "/login")
    assert {development(path).headers["Cache-Control"] for path in paths} == {"no-cache"}


@pytest.mark.parametrize("path", ["/static/v-x/../../wsgi.py", "/static/v-x/nothing.css", "/static/v-/icon.svg"])
def test_nothing_else_is_there(production: Get, path: str) -> None:
    assert production(path).status_code == 404


def test_the_version_changes_with_contents_and_names(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("one")
    first = version_of(tmp_path)
    assert version_of(tmp_path) == first
    (tmp_path / "a.css").write_text("two")
    second = version_of(tmp_path)
    (tmp_path / "a.css").rename(tmp_path / "b.css")
    assert len({first, second, version_of(tmp_path)}) == 3
