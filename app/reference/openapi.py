"""``/swagger.json``: flasgger, told by what each view declares of itself."""

import re
from collections.abc import Callable
from functools import cache
from inspect import getdoc
from typing import Any

from flasgger import Swagger, swag_from
from flask import Flask, Response
from pydantic.alias_generators import to_camel

from app.core.api import RouteSpec, produces, public, spec_of, tagged
from app.core.errors import ErrorAnswer
from app.core.json_schema import JsonSchemas, markdown
from app.events.base import Channel, Event
from app.events.registry import EVENTS, events_of
from app.reference import TITLE, VERSION
from app.reference.caching import revalidated
from app.reference.operations import SCHEMAS, error_responses, operation

View = Callable[..., Any]

CONFIG = {
    "openapi": "3.1.0",
    "endpoint": "openapi",
    "specs": [{"endpoint": "document", "route": "/swagger.json"}],
    "headers": [],
    "swagger_ui": False,
}


def init_app(app: Flask) -> None:
    """Serve ``/swagger.json``, which describes all routes registered by now."""
    template: dict[str, Any] = {
        "info": {"title": TITLE, "version": VERSION, "description": "The socket's events: `/asyncapi.json`."},
        "components": {
            "responses": error_responses(),
            "securitySchemes": {
                "bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "session": {"type": "apiKey", "in": "cookie", "name": app.config["SESSION_COOKIE_NAME"]},
            },
        },
    }
    _Swagger(app, config=CONFIG, template=template, decorators=[_as_route])
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    schemas = _schemas(tuple(spec_of(app.view_functions[rule.endpoint]) for rule in rules))
    template["components"]["schemas"] = schemas.definitions | _channel_events(schemas)
    for rule in rules:
        view = app.view_functions[rule.endpoint]
        app.view_functions[rule.endpoint] = _documented(view, operation(rule, view, schemas))


class _Swagger(Swagger):  # type: ignore[misc]  # flasgger carries no types
    """Flasgger, with the parameters of paths in camelCase, like all that clients see."""

    def get_apispecs(self, endpoint: str = "document") -> dict[str, Any]:
        document: dict[str, Any] = super().get_apispecs(endpoint)
        paths = {
            re.sub(r"\w+(?=})", lambda name: to_camel(name[0]), path): at for path, at in document["paths"].items()
        }
        return document | {"paths": paths}


def _as_route(flasgger_view: View) -> View:
    @public
    @tagged("Reference")
    @produces("application/json")
    def document() -> Response:
        """All routes, as an OpenAPI 3.1 document."""
        return revalidated(flasgger_view())

    return document


def _documented(view: View, described: dict[str, Any]) -> View:
    documented: View = swag_from(described)(view)
    documented.__doc__ = ""  # else flasgger takes the whole of it for the summary
    return documented


@cache  # the routes are the same in every application of a process
def _schemas(specs: tuple[RouteSpec, ...]) -> JsonSchemas:
    received = [schema for spec in specs for schema in (spec.query, spec.body, spec.form) if schema]
    sent = [spec.response for spec in specs if spec.response]
    return JsonSchemas(received, [*sent, *EVENTS.values(), ErrorAnswer], SCHEMAS)


def _channel_events(schemas: JsonSchemas) -> dict[str, Any]:
    """For each channel what one of its events looks like, named after the base class of its events."""
    return {
        base.__name__: {
            "description": markdown(getdoc(base) or ""),
            "oneOf": [_event(event, schemas) for event in events],
        }
        for events in map(events_of, Channel)
        for base in events[0].__mro__
        if base.__dict__.get("channel") is not None
    }


def _event(event: type[Event], schemas: JsonSchemas) -> dict[str, Any]:
    return {
        "type": "object",
        "title": event.name,
        "properties": {
            "event": {"const": event.name},
            "payload": schemas.sent(event),
            "offset": {"type": "string", "description": "Where the event stands among all."},
        },
        "required": ["event", "payload"],
    }
