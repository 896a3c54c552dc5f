"""A small client of the REST interface."""

import json as json_codec
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import Any, Self
from urllib.parse import urlsplit

DEMO_PASSWORD = "demo-password"
TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Response:
    """What the server answered; `json` is None when the body is not JSON."""

    status: int
    body: bytes
    headers: HTTPMessage

    @property
    def json(self) -> Any:
        return json_codec.loads(self.body) if "json" in self.headers.get_content_type() else None


class Api:
    """Speaks to one server, as nobody until `login`, then as that user."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.token = token
        self.user: dict[str, Any] = {}

    @classmethod
    def as_demo_user(cls, url: str, name: str) -> Self:
        """Log in as `admin`, `manager`, `alice` or `bob`."""
        return cls(url).login(f"{name}@example.com", DEMO_PASSWORD)

    def login(self, email: str, password: str) -> Self:
        """Log in; `user` and `token` are that user's from now on."""
        answer = self.post("/api/auth/login", json={"email": email, "password": password})
        assert answer.status == 200, f"login as {email}: {answer.status} {answer.body!r}"
        self.user, self.token = answer.json["user"], answer.json["accessToken"]
        return self

    def at(self, url: str) -> Self:
        """The same user, with the same login, at another server of the cluster."""
        there = type(self)(url, self.token)
        there.user = self.user
        return there

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Response:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, json: object = None, headers: Mapping[str, str] | None = None) -> Response:
        return self.request("POST", path, json, headers)

    def put(self, path: str, json: object = None, headers: Mapping[str, str] | None = None) -> Response:
        return self.request("PUT", path, json, headers)

    def patch(self, path: str, json: object = None, headers: Mapping[str, str] | None = None) -> Response:
        return self.request("PATCH", path, json, headers)

    def delete(self, path: str, json: object = None, headers: Mapping[str, str] | None = None) -> Response:
        return self.request("DELETE", path, json, headers)

    def request(
        self, method: str, path: str, json: object = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send one request. An error status or a redirect is an answer like any other; no `json`, no body."""
        sent = {"Accept": "application/json"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        body = None
        if json is not None:
            body = json_codec.dumps(json).encode()
            sent["Content-Type"] = "application/json"
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, sent | dict(headers or {}))
            answer = connection.getresponse()
            return Response(answer.status, answer.read(), answer.headers)
        finally:
            connection.close()
