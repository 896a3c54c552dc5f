"""A web site that is not listed in CLIENT_URL gets nowhere: neither by polling nor a WebSocket nor REST."""

from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.security.conftest import LISTED
from tests.support.api import Api
from tests.support.bare_websocket import HANDSHAKE, BareWebSocket
from tests.support.server import Server

FOREIGN = (
    "http://evil.example",
    "null",
    "",
    "*",
    "file://",
    "https://tasks.example.com.evil.example",
    "https://evil.example/https://tasks.example.com",
    "https://tasks.example.com@evil.example",
    "https://evil-tasks.example.com",
    "https://app.tasks.example.com",
    "https://tasks.example.com:8443",
    "http://tasks.example.com",
    "https://tasks.example.com, http://evil.example",
    "http://evil.example https://tasks.example.com",
    "http://localhost:3001",
    "http://localhost",
)

Ask = Callable[[Server, dict[str, str]], int]
"""The status of an answer to a request with these headers."""


def request(server: Server, method: str, target: str, headers: dict[str, str], body: str = "") -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()


def poll(server: Server, headers: dict[str, str]) -> int:
    return request(server, "GET", "/socket.io/?EIO=4&transport=polling", headers).status


def websocket(server: Server, headers: dict[str, str]) -> int:
    with BareWebSocket(server.url, headers=HANDSHAKE | headers) as ws:
        return ws.status


def rest(server: Server, headers: dict[str, str]) -> int:
    return request(server, "GET", "/health/live", headers).status


def login(server: Server, headers: dict[str, str]) -> int:
    """Of a form that does not matter: a web site may not even ask."""
    headers |= {"Content-Type": "application/json"}
    return {400: 400, 401: 200}[request(server, "POST", "/api/auth/login", headers, UNKNOWN).status]


def preflight(server: Server, headers: dict[str, str]) -> int:
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
    return request(server, "OPTIONS", "/api/notifications/read", headers | asked).status


UNKNOWN = '{"email": "nobody@example.com", "password": "-"}'
WAYS = {"polling": poll, "a WebSocket": websocket, "REST": rest, "a login": login, "a preflight": preflight}
GOOD = {"a WebSocket": 101}  # for the others it is 200


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_origin_is_refused(way: str, origin: str, product: Server) -> None:
    assert WAYS[way](product, {"Origin": origin}) == 400


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("origin", [*LISTED, None])
def test_a_listed_origin_passes_and_so_does_who_is_no_web_site(way: str, origin: str | None, product: Server) -> None:
    assert WAYS[way](product, {"Origin": origin} if origin else {}) == GOOD.get(way, 200)


@pytest.mark.parametrize("way", WAYS)
def test_the_servers_own_origin_passes(way: str, product: Server) -> None:
    own = {"Host": f"127.0.0.1:{product.port}", "Origin": product.url}
    assert WAYS[way](product, own) == GOOD.get(way, 200)


@pytest.mark.parametrize("way", WAYS)
def test_nobody_makes_an_origin_the_servers_own_by_naming_a_proxy(way: str, product: Server) -> None:
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"}
    assert WAYS[way](product, forwarded | {"Origin": "http://evil.example"}) == 400


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_origin_has_no_part_in_a_session_that_is_open(method: str, product: Server) -> None:
    target = "/socket.io/?EIO=4&transport=polling"
    sid = Api(product.url).get(target).body.decode().split('"sid":"')[1].split('"')[0]
    assert request(product, method, f"{target}&sid={sid}", {"Origin": "http://evil.example"}, "40").status == 400
    with BareWebSocket(
        product.url, f"EIO=4&transport=websocket&sid={sid}", HANDSHAKE | {"Origin": "http://evil.example"}
    ) as ws:
        assert ws.status == 400


def test_cors_tells_a_listed_origin_and_no_other_that_it_may_read(product: Server) -> None:
    for origin, told in ((LISTED[0], LISTED[0]), (LISTED[1], LISTED[1]), ("http://evil.example", None)):
        for target in ("/api/auth/me", "/ws/tasks", "/health/live", "/swagger.json"):
            answer = request(product, "GET", target, {"Origin": origin})
            assert answer.getheader("Access-Control-Allow-Origin") == told
            assert answer.getheader("Access-Control-Allow-Credentials") is None
