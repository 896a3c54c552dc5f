"""The routes of a running server, as it says itself in /swagger.json."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.e2e.scenarios import ok
from tests.support.api import Api


@dataclass(frozen=True)
class Route:
    """One route.

    Attributes:
        name: its method and its path, with names in braces.
        parameters: the names of all that is in its path or its query.
        fields: the names of all that its body may hold; None: it takes no body.
        about: what is said of it.
    """

    name: str
    parameters: list[str]
    fields: list[str] | None
    about: str

    def path(self, id: str) -> str:
        """Its path, with this in each place."""
        return "/".join(id if part.startswith("{") else part for part in self.name.partition(" ")[2].split("/"))

    @property
    def method(self) -> str:
        return self.name.partition(" ")[0]


def routes(url: str) -> list[Route]:
    """All routes of a server."""
    return list(_routes(ok(Api(url).get("/swagger.json"))))


def _routes(document: dict[str, Any]) -> Iterator[Route]:
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parameters = [given["name"] for given in operation.get("parameters", []) if given["in"] != "header"]
            fields = None
            if body := operation.get("requestBody", {}).get("content", {}).get("application/json"):
                reference = body["schema"]["$ref"]
                fields = list(schemas[reference.rpartition("/")[2]]["properties"])
            yield Route(f"{method.upper()} {path}", parameters, fields, operation.get("description", ""))
