"""Every route below /api, and how it is called properly: what a test makes odd is then one part of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator

from tests.e2e.scenarios import World
from tests.security.routes import Route, referred, routes
from tests.support.api import Api, Response

LONG = 60_000  # characters, which fit into a body
Part = dict[str, str]


@dataclass(frozen=True)
class Operation(Route):
    """A route below /api, with the ids of what is there for each place of its path."""

    ids: Part

    def form(self) -> dict[str, Any]:
        """A body with a value for each field that may not be left out, or for one."""
        needed = (self.body or {}).get("required", [])
        return {name: self._example(self.fields[name]) for name in needed or list(self.fields)[:1]}

    def allows(self, field: str, value: object) -> bool:
        """Whether the document says that a field may have this value."""
        schema = {**self.fields[field], "components": self.document["components"]}
        return Draft202012Validator(schema).is_valid(value)

    def call(
        self, caller: Api, places: Part | None = None, query: str = "", body: dict[str, Any] | None = None
    ) -> Response:
        """Do it; an empty body is none."""
        filled = {name: quote(id, safe="") for name, id in self.ids.items()} | (places or {})
        target = self.path.format(**filled) + (f"?{query}" if query else "")
        return caller.request(self.method, target, body or None)

    def _example(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema:
            return self._example(referred(schema, self.document))
        if "anyOf" in schema:
            return self._example(schema["anyOf"][0])
        if "enum" in schema:
            return schema["enum"][0]
        simple = {
            "string": "x" * schema.get("minLength", 1),
            "integer": schema.get("minimum", 1),
            "number": schema.get("minimum", 1),
            "boolean": True,
        }
        if schema["type"] in simple:
            return simple[schema["type"]]
        if schema["type"] == "array":
            return [self._example(schema["items"])]
        return {name: self._example(schema["properties"][name]) for name in schema.get("required", [])}


def operations(world: World) -> Iterator[Operation]:
    """Those below /api."""
    things = _things(world)
    for route in routes(world.admin.url):
        if route.path.startswith("/api/"):
            yield Operation(**vars(route), ids={name: _thing(things, route.path, name) for name in route.places})


def _things(world: World) -> Part:
    """Something for each kind of id, by the beginning of the paths that take it."""
    return {
        "/api/auth/logins/": world.admin.get("/api/auth/logins").json["items"][-1]["id"],
        "/api/chat/conversations/": world.conversation,
        "/api/chat/messages/": world.message(),
        "/api/departments/": world.alice.get("/api/departments").json["items"][0]["id"],
        "/api/monitoring/ways/": "1",
        "/api/notifications/": world.notification(),
        "/api/tasks/": world.task()["id"],
        "/api/teams/": world.team,
        "/api/users/": world.bob.user["id"],
    }


def _thing(things: Part, path: str, name: str) -> str:
    match name:
        case "userId":
            return things["/api/users/"]
        case "metric":
            return "quality"
        case "emoji":
            return "👍"
    (thing,) = (id for beginning, id in things.items() if path.startswith(beginning))
    return thing


def deep(levels: int, opened: str, closed: str) -> str:
    """JSON that is nested so deep."""
    return opened * levels + "1" + closed * levels


# As they stand in JSON; those that Python's json writes, and those that it doesn't.
ODD_VALUES: list[str] = [
    *map(json.dumps, ({}, {"a": 1}, [], ["a"], [[]], 0, 1, -1, 1.5, True, False, None)),
    *map(json.dumps, ("", " ", "\u200b", "x" * LONG, "' OR 1=1 --", "%")),
]
NEVER_VALUES = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "1" + "0" * 400,
    '"\\ud800"',
    '"\\u0000"',
    deep(1000, "[", "]"),
    deep(1000, '{"a":', "}"),
    deep(5000, '{"a":[', "]}"),
]
