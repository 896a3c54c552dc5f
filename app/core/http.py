"""Errors as HTTP answers, and what every answer carries."""

import logging
import math
from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.config import current_settings
from app.core import cause, json
from app.core.bounded_log import BoundedLog
from app.core.database import is_away
from app.core.errors import AppError, NotFound, Unavailable
from app.core.ids import new_id

logger = logging.getLogger(__name__)
refusals = BoundedLog(logger)

CODES = {
    400: "validation_failed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "unavailable",
}
MESSAGES = {
    404: "There is nothing at this address.",
    405: "This address does not take this method; the header Allow lists those that it takes.",
    413: "The body is too large.",
    415: "Send the body as JSON, with Content-Type: application/json.",
}
NO_ID_HOLDS = "\0\ufffd"  # PostgreSQL can't be asked for the first; the second stands for what is not UTF-8


def init_app(app: Flask) -> None:
    """Register the error handlers and the request id, and read bodies that come in chunks."""
    app.wsgi_app = ChunkedBodies(app.wsgi_app, app.config["MAX_CONTENT_LENGTH"])  # type: ignore[method-assign]
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(lambda _: cause.begin(""))
    app.register_error_handler(AppError, error_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(Exception, _unexpected)


class ChunkedBodies:
    """Gives bodies that come in chunks (RFC 9112, section 7.1) their length, without which werkzeug reads none of them.

    One above the limit is read no further than to be seen to be too large. Werkzeug's own way, to be told by
    ``wsgi.input_terminated`` that the server decodes chunks, cuts it off at the limit without a word.
    """

    def __init__(self, app: WSGIApplication, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
            del environ["HTTP_TRANSFER_ENCODING"]
            body, length = self._read(environ["wsgi.input"])
            environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(length)}
        return self._app(environ, start_response)

    def _read(self, stream: InputStream) -> tuple[bytes, int]:
        try:
            body = stream.read(self._most_bytes + 1)
        except (OSError, ValueError):  # not chunks, or not all of them
            return b"", 1  # reads as a body that breaks off
        return body, len(body)


def error_response(error: AppError) -> Response:
    """The contract's body for ``error``, with its status, and ``Retry-After`` where it says when to try again."""
    response = current_app.response_class(
        json.dumps({"error": error.body}), status=error.status, mimetype="application/json"
    )
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        refusals(request.endpoint, "request refused", code=error.code, reason=error.message, route=request.endpoint)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    known = AppError(MESSAGES.get(status, error.description or ""))
    known.code, known.status = CODES.get(status, "validation_failed" if status < 500 else "internal"), status
    response = error_response(known)
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    return response


def _database_away(error: DBAPIError | PoolTimeout) -> Response:
    if not is_away(error):
        return _unexpected(error)
    logger.error("the database can't be used: %s", error)
    return error_response(Unavailable("The database can't be reached now; try again.", retry_after=1))


def _unexpected(error: Exception) -> Response:
    logger.error("request %s failed", g.get("request_id"), exc_info=error)
    return error_response(AppError("Something went wrong on our side.", {"requestId": g.get("request_id")}))


def _begin() -> None:
    g.request_id = _given_id() or new_id()
    cause.begin(g.request_id)
    if any(character in request.path for character in NO_ID_HOLDS):
        raise NotFound(MESSAGES[404])


def _given_id() -> str | None:
    """The id that a trusted proxy has given the request; anybody else could make one up."""
    given = request.headers.get("X-Request-Id", "")
    return given if current_settings().trusted_proxies and cause.GIVEN.fullmatch(given) else None


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
