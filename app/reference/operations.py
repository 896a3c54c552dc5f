"""What OpenAPI calls an operation: one route, from what its view declares of itself."""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from werkzeug.routing import Rule

from app.core.api import STRICT, RouteSpec, spec_of
from app.core.errors import ErrorAnswer
from app.core.http import CODES
from app.core.json_schema import JsonSchemas, markdown
from app.core.schema import Schema

SCHEMAS = "#/components/schemas/{model}"
PLACEHOLDER = re.compile(r"<(?:(?P<converter>\w+)(?:\((?P<options>[^)]*)\))?:)?(?P<name>\w+)>")
BEARER: dict[str, list[str]] = {"bearerAuth": []}
ACCESS: dict[str | None, tuple[list[dict[str, list[str]]], str]] = {  # what to send, and what to say of it
    "public": ([], ""),
    "public in development": ([{}, BEARER], "In production it takes an access token."),
    "metrics": ([{}, BEARER], "The token is METRICS_TOKEN; without it only callers on the same machine are let in."),
    "user": ([BEARER], ""),
    "refresh": ([BEARER], "Send the refresh token."),
    "session": ([{"session": []}], ""),
    "user or session": ([BEARER, {"session": []}], ""),
}
ERRORS = {
    400: "The request is not valid; `details` has an entry for each field.",
    401: "No token (`unauthenticated`), one that has expired (`token_expired`), or one of an ended login "
    "(`token_revoked`).",
    403: "The caller may see it, but may not do this.",
    404: "There is none, or the caller may not see it.",
    409: "The Idempotency-Key came before with another body, or what is there stands against it.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    429: "Too many requests; the header `Retry-After` says in how many seconds to go on.",
    503: "What this needs is away, or was not set up; with the header `Retry-After` it is worth trying again.",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A key of the client's choice: a repeat within 24 hours creates nothing and is answered the same.",
}
CSRF_TOKEN = {
    "name": "X-CSRFToken",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "The token that came with the page.",
}


def operation(rule: Rule, view: Callable[..., Any], schemas: JsonSchemas) -> dict[str, Any]:
    """The operation that ``view`` is under ``rule``.

    Args:
        schemas: those of all that the view takes and answers.
    """
    spec = spec_of(view)
    security, who = _access(spec)
    about = markdown(getdoc(view) or "")
    summary, *more = re.split(r"(?<=\.)\s+", about, maxsplit=1)
    described: dict[str, Any] = {
        "operationId": to_camel(rule.endpoint.replace(".", "_")),
        "tags": [spec.tag or rule.endpoint.partition(".")[0].capitalize()],
        "summary": " ".join(summary.split()),
        "description": "\n\n".join([*more, who]).strip(),
        "parameters": list(_parameters(rule, spec, schemas)),
        "responses": _responses(rule, spec, schemas),
        "security": security,
    }
    if spec.body:
        described["requestBody"] = {
            "required": not _may_be_empty(spec.body),
            "content": _json(schemas.received(spec.body)),
        }
    if spec.form:
        content = {"application/x-www-form-urlencoded": {"schema": schemas.received(spec.form)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def error_responses() -> dict[str, Any]:
    """The answers that operations share, by the code of the error."""
    content = _json({"$ref": SCHEMAS.format(model=ErrorAnswer.__name__)})
    described = {CODES[status]: text for status, text in ERRORS.items()} | {"error": "Any other error."}
    return {code: {"description": text, "content": content} for code, text in described.items()}


def _access(spec: RouteSpec) -> tuple[list[dict[str, list[str]]], str]:
    roles = (spec.access or "").replace(",", " or ")
    return ACCESS.get(spec.access, ([BEARER], f"Takes the role {roles}."))


def _may_be_empty(body: type[Schema]) -> bool:
    try:
        body()
    except ValidationError:
        return False
    return True


def _parameters(rule: Rule, spec: RouteSpec, schemas: JsonSchemas) -> Iterator[dict[str, Any]]:
    for match in PLACEHOLDER.finditer(rule.rule):
        yield {"name": to_camel(match["name"]), "in": "path", "required": True, "schema": _path_schema(match)}
    if spec.query:
        for name, (schema, required) in schemas.fields(spec.query).items():
            yield {"name": name, "in": "query", "required": required} | _query_schema(schema)
    if spec.idempotent:
        yield IDEMPOTENCY_KEY
    if spec.csrf:
        yield CSRF_TOKEN


def _path_schema(placeholder: re.Match[str]) -> dict[str, Any]:
    if placeholder["converter"] == "any":
        return {"type": "string", "enum": [option.strip() for option in placeholder["options"].split(",")]}
    return {"type": "integer" if placeholder["converter"] == "int" else "string"}


def _query_schema(schema: dict[str, Any]) -> dict[str, Any]:
    given = _without_null(schema)
    commas = {"explode": False} if given.get("type") == "array" else {}  # between values; a parameter is given once
    return {"schema": given} | commas


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query string can't say null: what may be null may be left out."""
    if "anyOf" not in schema:
        return schema
    choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
    return choices[0] if len(choices) == 1 else schema | {"anyOf": choices}


def _responses(rule: Rule, spec: RouteSpec, schemas: JsonSchemas) -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in spec.media_types}
    if spec.response:
        content |= _json(schemas.sent(spec.response))
    answers = {
        str(status): {"description": HTTPStatus(status).phrase} | ({"content": content} if content else {})
        for status in (spec.status, *spec.also)
    }
    if spec.access == "session" and "GET" in (rule.methods or ()):
        answers["302"] = {"description": "Nobody is logged in: to the login form."}
    errors = {str(status): _error(status, spec) for status in sorted({*_error_statuses(spec, rule), *spec.fails})}
    return {**answers, **errors, "default": {"$ref": "#/components/responses/error"}}


def _error(status: int, spec: RouteSpec) -> dict[str, Any]:
    if spec.form:
        content = _json({"$ref": SCHEMAS.format(model=ErrorAnswer.__name__)}) | {"text/html": {}}
        return {"description": "The form again, with what is wrong.", "content": content}
    return {"$ref": f"#/components/responses/{CODES[status]}"}


def _error_statuses(spec: RouteSpec, rule: Rule) -> Iterator[int]:
    about_one = bool(rule.arguments)
    if rule.rule.startswith(STRICT):
        yield 400
    if spec.access != "public":
        yield from (401, 429)
        if spec.access not in ACCESS or spec.body or about_one:
            yield 403
    if about_one:
        yield 404
    if spec.idempotent:
        yield 409
    if spec.body:
        yield from (413, 415)


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
