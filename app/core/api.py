"""What every route says of itself: the query and the body it takes, what it answers, and who may call it.

The decorators here both do it (parse, serialize) and declare it, for Swagger and for the tests that walk the routes::

    @bp.post("/tasks")
    @authenticated
    @idempotent
    @body(CreateTask)
    @returns(Task, 201)
    def create(body: CreateTask) -> Task:
        return service.create(current_user(), body)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeVar

from flask import Response, current_app, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from app.core import json
from app.core.errors import ValidationFailed
from app.core.schema import Nothing, Schema

View = Callable[..., Any]

STRICT = ("/api/", "/ws/")
"""Where a body or a query that the route doesn't declare is refused; elsewhere are pages, documents and probes."""


@dataclass(frozen=True)
class RouteSpec:
    """What a view declares.

    Attributes:
        access: ``public``, ``public in development``, ``user``, ``refresh`` (any user, with a refresh token),
            ``session`` (any user, with the pages' cookie), or the roles that may call it, comma separated.
        status: of the answer that is hoped for.
        also: other statuses that come with the same ``response``.
        form: the fields of the form that it takes instead of a JSON body; it checks them itself, and shows the form
            again with what is wrong.
        csrf: it takes the CSRF token of a page, in the header ``X-CSRFToken``.
        fails: statuses of errors that don't follow from the rest of what is declared.
        media_types: what it may answer with besides ``response`` as JSON.
        tag: what Swagger lists it under; None: its blueprint's name.
    """

    access: str | None = None
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    form: type[Schema] | None = None
    csrf: bool = False
    response: type[BaseModel] | None = None
    status: int = 200
    also: tuple[int, ...] = ()
    fails: tuple[int, ...] = ()
    idempotent: bool = False
    media_types: tuple[str, ...] = ()
    tag: str | None = None


def spec_of(view: Callable[..., Any]) -> RouteSpec:
    """What ``view`` declared so far."""
    return getattr(view, "route_spec", RouteSpec())


def declare(view: Callable[..., Any], **facts: Any) -> None:
    """Add ``facts`` to what ``view`` declares."""
    view.route_spec = replace(spec_of(view), **facts)  # type: ignore[attr-defined]


def public(view: View) -> View:
    """Anyone may call it."""
    declare(view, access="public")
    return view


def tagged(tag: str) -> Callable[[View], View]:
    """List it in Swagger under ``tag`` instead of its blueprint's name."""

    def decorate(view: View) -> View:
        declare(view, tag=tag)
        return view

    return decorate


def produces(*media_types: str, status: int = 200) -> Callable[[View], View]:
    """It makes the answer itself: something of ``media_types``, or none of them where it leads elsewhere."""

    def decorate(view: View) -> View:
        declare(view, media_types=media_types, status=status)
        return view

    return decorate


def fails(*statuses: int) -> Callable[[View], View]:
    """Its service may refuse with ``statuses``, beside those that every route of its kind may answer with."""

    def decorate(view: View) -> View:
        declare(view, fails=statuses)
        return view

    return decorate


def body(schema: type[Schema]) -> Callable[[View], View]:
    """Parse the JSON body into ``schema`` and pass it as ``body``.

    Raises:
        ValidationFailed: it isn't JSON, or not what ``schema`` says; unknown fields are refused.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def parsed(*args: Any, **kwargs: Any) -> Any:
            return view(*args, body=parse_body(schema), **kwargs)

        declare(parsed, body=schema)
        return parsed

    return decorate


def query(schema: type[Schema]) -> Callable[[View], View]:
    """Parse the query string into ``schema`` and pass it as ``query``; a repeated or unknown parameter is refused."""

    def decorate(view: View) -> View:
        @wraps(view)
        def parsed(*args: Any, **kwargs: Any) -> Any:
            return view(*args, query=parse_query(schema), **kwargs)

        declare(parsed, query=schema)
        return parsed

    return decorate


def returns(schema: type[BaseModel] | None, status: int = 200) -> Callable[[View], View]:
    """Answer with what the view returns, read as ``schema``; None: no body (204).

    Raises:
        ValidationFailed: the request has a body or a query and the route declares none.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(*args: Any, **kwargs: Any) -> Response:
            _refuse_undeclared()
            value = view(*args, **kwargs)
            if schema is None:
                return current_app.response_class(status=status)
            return reply(schema.model_validate(value), status)

        declare(answered, response=schema, status=status)
        return answered

    return decorate


def reply(value: BaseModel, status: int = 200) -> Response:
    """``value`` as a JSON response."""
    return current_app.response_class(value.model_dump_json(by_alias=True), status=status, mimetype="application/json")


def _refuse_undeclared() -> None:
    if not request.path.startswith(STRICT):
        return
    spec = spec_of(current_app.view_functions[request.endpoint or ""])
    if spec.body is None:
        parse_body(Nothing)
    if spec.query is None:
        parse_query(Nothing)


S = TypeVar("S", bound=Schema)


def parse_body(schema: type[S]) -> S:
    raw = request.get_data()
    if not raw:
        raw = b"{}"  # no body at all says as much as an empty one
    elif not request.is_json:
        raise UnsupportedMediaType
    try:
        json.loads(raw)  # what pydantic's parser would let through: NaN, U+0000
        return schema.model_validate_json(raw, by_name=False)  # camelCase alone
    except ValidationError as error:
        raise ValidationFailed.from_pydantic(error) from error
    except ValueError as error:
        raise ValidationFailed("The body is not valid JSON.", {"body": str(error)}) from error


def parse_query(schema: type[S]) -> S:
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        raise ValidationFailed("The request is not valid.", dict.fromkeys(repeated, "given more than once"))
    if any("\0" in value for value in request.args.values()):
        raise ValidationFailed("The request is not valid.", {"query": "holds the character U+0000"})
    try:
        return schema.model_validate_strings(request.args.to_dict(), by_name=False)
    except ValidationError as error:
        raise ValidationFailed.from_pydantic(error, "query") from error
