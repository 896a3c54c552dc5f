"""The pages' own files: in production at an address that names their contents, so that caches keep them for good."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, Response

from app.config import Settings

ONE_YEAR = 365 * 24 * 3600  # seconds


def init_app(app: Flask, settings: Settings) -> None:
    """Have ``url_for("static", …)`` lead to ``/static/v-<version>/…`` in production.

    The version stands before the path, so that scripts and style sheets that name each other by relative paths stay
    within it. A file asked for under another version, as during a rolling restart, is sent, but kept by nobody. Without
    a version, and during development, where files change under a running server, clients ask again (ETag).
    """
    version = version_of(Path(app.root_path) / "static") if settings.production else None

    def send(filename: str, asked: str | None = None) -> Response:
        response = app.send_static_file(filename)
        if asked is not None and asked == version:
            response.cache_control.no_cache = None
            response.cache_control.public = True
            response.cache_control.max_age = ONE_YEAR
            response.cache_control.immutable = True
        elif asked is not None:
            response.cache_control.no_store = True
        return response

    app.view_functions["static"] = send
    app.add_url_rule("/static/v-<asked>/<path:filename>", "static")
    if version is not None:

        @app.url_defaults
        def name_version(endpoint: str, values: dict[str, Any]) -> None:
            if endpoint == "static":
                values.setdefault("asked", version)


def version_of(folder: Path) -> str:
    """16 hexadecimal digits that differ as soon as a file in ``folder`` has another name or other contents."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        contents = hashlib.sha256(file.read_bytes()).digest()
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + contents)
    return digest.hexdigest()[:16]
