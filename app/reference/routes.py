"""The documents, and the pages that show them without anything from another host."""

from pathlib import Path

import asyncapi_viewer
import flask_swagger_ui
from flask import Blueprint, Response, current_app, redirect, render_template, send_from_directory, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core import json
from app.core.api import produces, public
from app.core.errors import NotFound
from app.events import asyncapi, typescript
from app.reference import TITLE, VERSION, guides
from app.reference.caching import revalidated

bp = Blueprint("reference", __name__)

SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"
ASYNCAPI_VIEWER = Path(asyncapi_viewer.__file__).parent / "static"
# Of the viewer's files not its theme, which loads fonts from another host.
ASSETS = {
    "swagger-ui-bundle.js": SWAGGER_UI,
    "swagger-ui.css": SWAGGER_UI,
    "asyncapi-viewer.js": ASYNCAPI_VIEWER,
}
# The style sheets carry their icons as data.
CONTENT_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"


@bp.get("/asyncapi.json")
@public
@produces("application/json")
def asyncapi_document() -> Response:
    """All socket events and commands, as an AsyncAPI 3.0 document."""
    return _document(json.dumps(asyncapi.document(TITLE, VERSION)), "application/json")


@bp.get("/realtime.d.ts")
@public
@produces("application/typescript")
def typescript_declarations() -> Response:
    """All socket events and commands, as TypeScript types for `socket.io-client`."""
    return _document(typescript.declarations(), "application/typescript; charset=utf-8")


@bp.get("/api-docs")
@public
@produces("text/html")
def api_docs() -> Response:
    """The routes, to read and to try."""
    return _page("reference/api-docs.html")


@bp.get("/api-docs/events")
@public
@produces("text/html")
def events_docs() -> Response:
    """The socket events and commands, to read."""
    return _page("reference/events.html")


@bp.get("/docs")
@public
@produces(status=302)
def docs() -> AnyResponse:
    """Lead to the first guide."""
    return redirect(url_for(".guide", name=guides.FIRST))


@bp.get("/docs/<name>")
@public
@produces("text/html")
def guide(name: str) -> Response:
    """A guide, to read."""
    found = guides.guides().get(name)
    if found is None:
        raise NotFound("There is no such guide.")
    return _page("reference/guide.html", guide=found, guides=guides.guides())


@bp.get("/api-docs/assets/<name>")
@public
@produces("text/javascript", "text/css")
def asset(name: str) -> Response:
    """A script or a style sheet of these pages."""
    if name not in ASSETS:
        raise NotFound("There is no such file.")
    return send_from_directory(ASSETS[name], name)


def _document(text: str, content_type: str) -> Response:
    return revalidated(current_app.response_class(text, content_type=content_type))


def _page(template: str, **context: object) -> Response:
    response = current_app.response_class(render_template(template, title=TITLE, **context))
    response.content_security_policy = CONTENT_POLICY
    return response
