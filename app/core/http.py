"""Errors as HTTP answers, and what every answer carries."""

import logging
import math
from http import HTTPStatus

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.core import json
from app.core.errors import AppError, NotFound, Unavailable
from app.core.ids import new_id

logger = logging.getLogger(__name__)

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


def init_app(app: Flask) -> None:
    """Register the error handlers and the request id."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(AppError, error_response)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(Exception, _unexpected)


def error_response(error: AppError) -> Response:
    """The contract's body for ``error``, with its status, and ``Retry-After`` where it says when to try again."""
    response = current_app.response_class(
        json.dumps({"error": error.body}), status=error.status, mimetype="application/json"
    )
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    if error.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    known = AppError(error.description or "")
    known.code, known.status = CODES.get(status, "validation_failed" if status < 500 else "internal"), status
    response = error_response(known)
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    return response


def _database_away(error: DBAPIError | PoolTimeout) -> Response:
    logger.error("the database can't be used: %s", error)
    return error_response(Unavailable("The database can't be reached now; try again.", retry_after=1))


def _unexpected(error: Exception) -> Response:
    logger.error("request %s failed", g.get("request_id"), exc_info=error)
    return error_response(AppError("Something went wrong on our side.", {"requestId": g.get("request_id")}))


def _begin() -> None:
    g.request_id = new_id()
    if "\0" in request.path:  # no id holds U+0000, and PostgreSQL can't be asked for it
        raise NotFound("There is nothing here.")


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
