"""Which web sites may talk to the server: the origins in CLIENT_URL, and the server's own."""

from typing import Any

from flask import Flask, request
from flask_cors import CORS
from werkzeug.wsgi import get_host

from app.core.errors import ValidationFailed


class AllowedOrigins:
    """Decides on the ``Origin`` header (RFC 6454) of a request. One without it isn't a browser's, and may pass."""

    def __init__(self, configured: list[str]) -> None:
        self._configured = frozenset(configured)

    def __call__(self, origin: str | None, environ: dict[str, Any]) -> bool:
        if origin is None or "*" in self._configured or origin in self._configured:
            return True
        return origin == f"{environ['wsgi.url_scheme']}://{get_host(environ)}"


def init_app(app: Flask, allowed: AllowedOrigins, configured: list[str]) -> None:
    """Answer CORS requests of allowed origins; refuse those of others with 400."""

    @app.before_request
    def refuse_foreign_origins() -> None:
        if not allowed(request.headers.get("Origin"), request.environ):
            raise ValidationFailed(
                "Requests from this origin are not allowed.", {"origin": "not the server's own, nor one in CLIENT_URL"}
            )

    CORS(
        app,
        resources={
            r"/(api|ws|health)/.*": {"origins": configured},
            r"/(swagger|asyncapi)\.json": {"origins": configured},
            r"/realtime\.d\.ts": {"origins": configured},
        },
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
        expose_headers=["Retry-After", "X-Request-Id"],
        max_age=600,
    )
