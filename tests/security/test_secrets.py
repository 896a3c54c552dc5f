"""A token travels in no address, and nothing of what shows who one is gets into the log, whatever is sent and where."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from socket import create_connection
from urllib.parse import quote

import pytest

from tests.security.engine.polls import Request
from tests.security.engine.wire import UPGRADE, WebSocket
from tests.security.sockets import connect, refusal
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.cluster import Cluster
from tests.support.server import Server

PARAMETERS = ("token", "access_token", "jwt", "auth")
NUMBERS = count(1)


@dataclass(frozen=True)
class Secrets:
    """What shows who somebody is."""

    user_id: str
    email: str
    password: str
    access: str
    refresh: str

    @property
    def told(self) -> list[str]:
        """What no log may hold: of a token, what makes it one."""
        return [self.email, self.password, *(token.rpartition(".")[2] for token in (self.access, self.refresh))]


def somebody(server: Server) -> Secrets:
    number = next(NUMBERS)
    form = {"email": f"secret-{number}@example.com", "password": f"correct-horse-{number}", "name": "S"}
    answer = Api(server.url).post("/api/auth/register", form).json
    return Secrets(answer["user"]["id"], form["email"], form["password"], answer["accessToken"], answer["refreshToken"])


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that logs all it can."""
    env = {"LOG_LEVEL": "DEBUG", "REALTIME_DEBUG": "1", "LOGINS_PER_MINUTE": "1000"}
    with Server(tmp_path_factory.mktemp("talkative"), env) as running:
        yield running


# --- in an address


@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("path", ["/api/auth/me", "/api/events", "/ws/notifications", "/api/auth/refresh"])
def test_a_token_in_the_query_string_of_a_request_is_refused(path: str, parameter: str, alice: Api) -> None:
    method = "POST" if path.endswith("refresh") else "GET"
    answer = Api(alice.url).request(method, f"{path}?{parameter}={alice.token}", headers={"Accept": "*/*"})
    assert (answer.status, answer.json["error"]["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_token_in_the_query_string_opens_no_event_stream(parameter: str, alice: Api) -> None:
    headers = {"Accept": "text/event-stream"}
    assert Api(alice.url).get(f"/ws/notifications?{parameter}={alice.token}", headers).status == 401


@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("auth", ["", "{}"])
def test_a_token_in_the_query_string_opens_no_socket(auth: str, parameter: str, product: Server, alice: Api) -> None:
    target = f"/socket.io/?EIO=4&transport=polling&{parameter}={alice.token}"
    target += "&sid=" + json.loads(Request(product.port, "GET", target).answer().body[1:])["sid"]
    assert Request(product.port, "POST", target, f"40{auth}").answer().status == 200
    assert refusal(Request(product.port, "GET", target).answer().body)["code"] == "unauthenticated"


# --- in the log


def test_a_server_that_logs_all_it_can_logs_no_token_password_or_e_mail(talkative: Server) -> None:
    assert_logs_nothing_of(somebody(talkative), talkative)


def test_gunicorn_with_redis_and_postgresql_logs_no_token_password_or_e_mail(cluster: Cluster) -> None:
    assert_logs_nothing_of(somebody(cluster.servers[0]), cluster.servers[0])


def assert_logs_nothing_of(person: Secrets, server: Server) -> None:
    say_over_http(person, server)
    say_over_sockets(person, server)
    say_what_is_no_http(person, server)
    with WebSocket(server.port) as ws:
        last = somebody(server)
        assert connect(ws, {"token": last.access}).startswith("40{")
    wait_until(lambda: last.user_id in server.log())
    assert person.user_id in server.log()
    assert [secret for secret in person.told if secret in server.log()] == []


def say_over_http(person: Secrets, server: Server) -> None:
    """Secrets in each part of a request, right and wrong."""
    nobody, api = Api(server.url), Api(server.url, person.access)
    refreshing, wrong = Api(server.url, person.refresh), Api(server.url, person.refresh[:-1])
    login = {"email": person.email, "password": person.password}
    assert nobody.post("/api/auth/login", login).status == 200
    assert nobody.post("/api/auth/login", login | {"password": person.password + "?"}).status == 401
    assert nobody.post("/api/auth/login", login | {person.password: person.email}).status == 400
    assert nobody.post("/api/auth/login", [login]).status == 400
    assert nobody.post("/api/auth/register", login | {"name": "S"}).status == 409
    assert nobody.post("/api/auth/register", {"email": person.email, "password": person.password}).status == 400
    assert refreshing.post("/api/auth/refresh").status == 200
    assert wrong.get("/api/auth/me").status == 401
    change = {"current": person.password + "?", "new": person.password}
    assert api.post("/api/auth/password", change).status == 401
    assert api.post("/api/auth/password", change | {"current": person.password}).status == 204
    for place in (f"?token={person.access}", f"/{person.access}", f"/{quote(person.email)}"):
        assert nobody.get(f"/api/users{place}").status in (401, 404)
        assert nobody.post(f"/socket.io/{place}").status in (400, 404)
    for name in ("Origin", "X-Request-Id", "Idempotency-Key", "User-Agent", "Cookie", "X-Forwarded-For"):
        api.post("/api/tasks", {"title": person.email}, {name: person.access})
        api.post("/api/tasks", {"title": person.email}, {name: person.email})


def say_over_sockets(person: Secrets, server: Server) -> None:
    """Secrets in packets that are taken, refused, and malformed."""
    with WebSocket(server.port) as ws:
        assert connect(ws, {"token": person.access}).startswith("40{")
        for number, command in enumerate(
            (
                ["refresh-auth", {"token": person.access}],
                ["refresh-auth", {"token": person.refresh}],
                ["refresh-auth", person.access],
                ["join-user", person.email],
                ["join-tasks", {"token": person.access}],
                ["presence-set", {"status": person.password}],
                [person.access, person.email],
            )
        ):
            ws.send(f"42{number}" + json.dumps(command))
        ws.heard()
    for auth in ({"token": person.refresh}, person.access, [person.access], {"token": [person.access]}):
        with WebSocket(server.port) as ws:
            ws.send("40" + json.dumps(auth))
            ws.heard(0.1)
    for packet in ("40{%s", "42[%s", "4%s", "%s", '42["refresh-auth",%s', "40/%s,", "451-%s", "43%s"):
        with WebSocket(server.port) as ws:
            ws.send(packet % json.dumps({"token": person.access, "email": person.email}))
            ws.heard(0.1)


def say_what_is_no_http(person: Secrets, server: Server) -> None:
    """Secrets in what no server can read, and in a handshake that is refused."""
    secrets = f"{person.access} {person.email} {person.password}"
    for sent in (
        f"GET /{secrets} HTTP/1.1\r\n\r\n",
        f"{secrets}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\n{secrets}\r\n\r\n",
        f"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: {secrets}\r\n\r\n",
        UPGRADE.decode().replace("transport=websocket", f"transport=websocket&sid={person.access}"),
        UPGRADE.decode().replace("Version: 13", f"Version: {person.access}"),
    ):
        with create_connection(("127.0.0.1", server.port), 5) as tcp, suppress(TimeoutError, ConnectionResetError):
            tcp.sendall(sent.encode())
            tcp.settimeout(0.3)
            while tcp.recv(65536):
                pass
