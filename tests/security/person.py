"""A person at a browser without scripts: keeps cookies, and sends forms with the token that their page brought."""

import re
from collections.abc import Mapping
from http.client import HTTPConnection
from http.cookies import Morsel, SimpleCookie
from urllib.parse import urlencode, urlsplit

from tests.support.api import DEMO_PASSWORD, TIMEOUT_SECONDS, Response

Form = Mapping[str, str]


class Person:
    """Speaks to one server.

    Attributes:
        cookies: as the server set them last, by name.
        headers: sent with each request, as by the proxy in front of the server.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.headers = dict(headers or {})
        self.cookies: dict[str, Morsel[str]] = {}

    def open(self, path: str) -> Response:
        """Go to a page, and no further where it leads elsewhere."""
        return self._request("GET", path)

    def send(self, path: str, form: Form, headers: Mapping[str, str] | None = None) -> Response:
        """Send a form just as it is given."""
        sent = {"Content-Type": "application/x-www-form-urlencoded"} | dict(headers or {})
        return self._request("POST", path, urlencode(form).encode(), sent)

    def csrf_token(self, path: str = "/login") -> str:
        """The token in the form of a page."""
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.open(path).body.decode())
        assert found, f"no form at {path}"
        return found[1]

    def log_in(self, email: str = "alice@example.com", password: str = DEMO_PASSWORD, path: str = "/login") -> Response:
        """Open the login form at `path`, fill it in and send it."""
        return self.send(path, {"csrf_token": self.csrf_token(path), "email": email, "password": password})

    @property
    def logged_in(self) -> bool:
        return self.open("/dashboard").status == 200

    def _request(self, method: str, path: str, body: bytes | None = None, headers: Form | None = None) -> Response:
        sent = self.headers | dict(headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            response = Response(answer.status, answer.read(), answer.headers)
        finally:
            connection.close()
        for text in response.headers.get_all("Set-Cookie", []):
            self.cookies |= SimpleCookie(text)
        return response
