"""The routes of a running server, as it says itself in /swagger.json."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.e2e.scenarios import ok
from tests.support.api import Api

Schemas = dict[str, Any]
"""By the name of what they are of."""


@dataclass(frozen=True)
class Route:
    """One method of one path.

    Attributes:
        path: with names in braces.
        places: what is in its path.
        queries: what its query takes.
        headers: which it reads, beside those of every request.
        body: the schema of its body; None: it takes none.
        about: what is said of it.
        document: the whole, which schemas refer to.
    """

    method: str
    path: str
    places: Schemas
    queries: Schemas
    headers: Schemas
    body: dict[str, Any] | None
    about: str
    document: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def fields(self) -> Schemas:
        """All that its body may hold."""
        return self.body["properties"] if self.body else {}

    def filled(self, id: str) -> str:
        """Its path, with this in each place."""
        return self.path.format(**dict.fromkeys(self.places, id))


def routes(url: str) -> Iterator[Route]:
    """All routes of a server."""
    document = ok(Api(url).get("/swagger.json"))
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            body = about.get("requestBody", {}).get("content", {}).get("application/json")
            yield Route(
                method.upper(),
                path,
                _parameters(about, "path"),
                _parameters(about, "query"),
                _parameters(about, "header"),
                referred(body["schema"], document) if body else None,
                about.get("description", ""),
                document,
            )


def _parameters(about: dict[str, Any], place: str) -> Schemas:
    return {given["name"]: given["schema"] for given in about.get("parameters", []) if given["in"] == place}


def referred(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """The schema that one refers to."""
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
