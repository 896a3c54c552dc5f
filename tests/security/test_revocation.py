"""Whoever is no longer let in is told why and disconnected: every socket, in every process, with or without Redis."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from time import monotonic

import pytest
import redis
from _pytest.mark import ParameterSet

from tests.security.forgery import ago, forged, key_of
from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.cluster import Cluster
from tests.support.js_client import JsClient, JsPeer
from tests.support.server import Server

WITHIN = 5.0  # seconds
LIFETIME = 5.0  # seconds of a token that expires
PASSWORD, OTHER_PASSWORD = "a-long-password", "another-password"
NUMBERS = count(1)
WAYS = [("/", "websocket"), ("/", "polling"), ("/ws/notifications", "websocket")]


@dataclass(frozen=True)
class Person:
    """Somebody with two logins: on a phone, and at a desk."""

    admin: Api
    phone: Api
    desk: Api


NewPerson = Callable[[], Person]


@dataclass(frozen=True)
class Ending:
    """``cause`` ends the connections of the phone, and of the desk if ``everywhere``, which are told ``why``."""

    cause: Callable[[Person], int]
    why: tuple[str, str]
    everywhere: bool = False


def log_out(person: Person) -> int:
    return person.phone.post("/api/auth/logout").status


def end_the_login(person: Person) -> int:
    logins = person.desk.get("/api/auth/logins").json["items"]
    [phone] = [login["id"] for login in logins if not login["current"]]
    return person.desk.delete(f"/api/auth/logins/{phone}").status


def change_the_password(person: Person) -> int:
    return person.desk.post("/api/auth/password", {"current": PASSWORD, "new": OTHER_PASSWORD}).status


def change_the_role(person: Person) -> int:
    return person.admin.patch(f"/api/users/{person.phone.user['id']}", {"role": "manager"}).status


def deactivate(person: Person) -> int:
    return person.admin.patch(f"/api/users/{person.phone.user['id']}", {"active": False}).status


ENDINGS = {
    "logout": Ending(log_out, ("token_revoked", "You have logged out.")),
    "the end of the login": Ending(end_the_login, ("token_revoked", "This login was ended.")),
    "another password": Ending(change_the_password, ("token_revoked", "The password was changed; log in again.")),
    "another role": Ending(change_the_role, ("role_changed", "Your role was changed; connect again."), everywhere=True),
    "deactivation": Ending(deactivate, ("token_revoked", "Your account was deactivated."), everywhere=True),
}


@pytest.fixture(scope="module")
def admin_here(cluster: Cluster) -> Api:
    """An admin of the cluster, whose requests go to its first process."""
    return Api.as_demo_user(cluster.servers[0].url, "admin")


@pytest.fixture
def new_person(cluster: Cluster, admin_here: Api) -> NewPerson:
    def new_person() -> Person:
        here = cluster.servers[0].url
        form = {"email": f"ended-{next(NUMBERS)}@example.com", "password": PASSWORD, "name": "E"}
        registered = Api(here).post("/api/auth/register", form).json
        phone = Api(here, registered["accessToken"])
        phone.user = registered["user"]
        return Person(admin_here, phone, Api(here).login(form["email"], PASSWORD))

    return new_person


def opened(js: JsPeer, cluster: Cluster, token: str | None, ways: list[tuple[str, str]]) -> list[JsClient]:
    """Connected sockets, of each way in each process."""
    return [
        js.connect(server.url, namespace, auth={"token": token}, transports=[transport], reconnection=False)
        for server in cluster.servers
        for namespace, transport in ways
    ]


def assert_ended(sockets: list[JsClient], since: float, why: tuple[str, str]) -> None:
    """All of them were told why, as the last thing, and disconnected by the server, in time."""
    for socket in sockets:
        assert socket.wait_disconnect(timeout=2 * WITHIN) == "io server disconnect"
        last = socket.heard()[-1]
        assert (last.event, last.args) == ("error", [{"code": why[0], "message": why[1], "details": {}}])
    assert monotonic() - since < WITHIN


def assert_spared(sockets: list[JsClient], user_id: str) -> None:
    for socket in sockets:
        assert socket.emit("join-notifications", user_id)["ok"]
        assert socket.heard() == []


def refused_with(js: JsPeer, server: Server, token: str | None) -> str:
    """The code that a socket which brings the token is refused with."""
    refused = js.open(server.url, auth={"token": token}, reconnection=False).wait_refused()
    code: str = refused["data"]["code"]
    return code


@pytest.mark.parametrize("name", ENDINGS)
def test_every_socket_in_every_process_is_told_why_and_disconnected(
    name: str, new_person: NewPerson, cluster: Cluster, js: JsPeer
) -> None:
    ending, person = ENDINGS[name], new_person()
    phone = opened(js, cluster, person.phone.token, WAYS)
    desk = opened(js, cluster, person.desk.token, [("/", "websocket")])
    assert ending.cause(person) in (200, 204)
    assert_ended(phone + desk * ending.everywhere, monotonic(), ending.why)
    if not ending.everywhere:
        assert_spared(desk, person.desk.user["id"])


@pytest.mark.parametrize("name", [name for name, ending in ENDINGS.items() if ending.why[0] == "token_revoked"])
def test_a_token_that_was_good_before_is_worth_nothing_in_either_process(
    name: str, new_person: NewPerson, cluster: Cluster, js: JsPeer
) -> None:
    person = new_person()
    assert ENDINGS[name].cause(person) in (200, 204)
    for server in cluster.servers:
        answer = person.phone.at(server.url).get("/api/auth/me")
        assert (answer.status, answer.json["error"]["code"]) == (401, "token_revoked")
        assert refused_with(js, server, person.phone.token) == "token_revoked"


def test_who_was_disconnected_because_of_a_role_comes_back_with_it(
    new_person: NewPerson, cluster: Cluster, js: JsPeer
) -> None:
    person = new_person()
    sockets = opened(js, cluster, person.phone.token, [("/", "websocket")])
    assert change_the_role(person) == 200
    for server, socket in zip(cluster.servers, sockets, strict=True):
        socket.wait_disconnect()
        socket.reopen()
        socket.wait_connected(2)
        assert person.phone.at(server.url).get("/api/auth/me").json["role"] == "manager"


def test_who_loses_a_room_with_a_role_is_told_of_both(
    cluster: Cluster, admin_here: Api, new_person: NewPerson, js: JsPeer
) -> None:
    person = new_person()
    team = admin_here.post("/api/teams", {"name": "Lost"}).json["id"]
    other = Api.as_demo_user(cluster.servers[0].url, "bob").user["id"]
    for id in (person.phone.user["id"], other):
        assert admin_here.put(f"/api/teams/{team}/members/{id}").status == 204
    assert change_the_role(person) == 200
    sockets = opened(js, cluster, person.phone.token, [("/", "websocket")])
    for socket in sockets:
        assert socket.emit("join-tasks", other)["ok"]
    assert admin_here.patch(f"/api/users/{person.phone.user['id']}", {"role": "member"}).status == 200
    assert_ended(sockets, monotonic(), ENDINGS["another role"].why)
    for socket in sockets:
        assert socket.wait_for("room-left")[0] == {"room": f"tasks-{other}", "reason": "role_changed"}


def test_an_expired_token_ends_its_sockets_in_every_process(
    new_person: NewPerson, cluster: Cluster, js: JsPeer
) -> None:
    person = new_person()
    others = opened(js, cluster, person.phone.token, [("/", "websocket")])
    expires = monotonic() + LIFETIME
    soon = forged(person.phone.token or "", key_of(cluster.servers[0]), exp=ago(-LIFETIME))
    sockets = opened(js, cluster, soon, [("/", "polling"), ("/ws/notifications", "websocket")])
    assert_ended(sockets, expires, ("token_expired", "The token has expired; connect again with a new one."))
    assert refused_with(js, cluster.servers[1], soon) == "token_expired"
    assert_spared(others, person.phone.user["id"])


@pytest.mark.parametrize("name", ["logout", "deactivation"])
def test_who_connects_while_the_login_ends_is_not_left_connected(
    name: str, new_person: NewPerson, cluster: Cluster, js: JsPeer
) -> None:
    person = new_person()

    def open_some() -> list[JsClient]:
        auth = {"token": person.phone.token}
        return [js.open(server.url, auth=auth, reconnection=False) for server in cluster.servers * 6]

    sockets = open_some()
    assert ENDINGS[name].cause(person) in (200, 204)
    sockets += open_some()
    for socket in sockets:
        wait_until(lambda socket=socket: socket.refusals or socket.connections)  # type: ignore[misc]
        if not socket.refusals:
            assert socket.wait_disconnect() == "io server disconnect"


# --- whatever becomes of Redis


@contextmanager
def flushed(cluster: Cluster) -> Iterator[Callable[[], None]]:
    """Emptied again and again."""
    with redis.Redis.from_url(cluster.redis.url) as client:
        yield client.flushall


@contextmanager
def restarted(cluster: Cluster) -> Iterator[Callable[[], None]]:
    """Stopped and started, so that every connection to it is dead."""
    cluster.redis.stop()
    cluster.redis.start()
    yield lambda: None


@contextmanager
def away(cluster: Cluster) -> Iterator[Callable[[], None]]:
    cluster.redis.stop()
    try:
        yield lambda: None
    finally:
        cluster.redis.start()


@contextmanager
def frozen(cluster: Cluster) -> Iterator[Callable[[], None]]:
    cluster.redis.freeze()
    try:
        yield lambda: None
    finally:
        cluster.redis.thaw()


Fault = Callable[[Cluster], AbstractContextManager[Callable[[], None]]]
"""Lasts as long as its block, and does its harm again when it is told to."""


def long(fault: Fault) -> ParameterSet:
    return pytest.param(fault, marks=pytest.mark.long)


@pytest.fixture
def healed(cluster: Cluster) -> Iterator[None]:
    """At the end Redis carries events to each process again."""
    yield
    for server in cluster.servers:
        wait_until(partial(carries, server), 20)


def carries(server: Server) -> bool:
    return Api(server.url).get("/ws/health").status == 200


@pytest.mark.usefixtures("healed")
@pytest.mark.parametrize(
    "fault", [flushed, away, *(pytest.param(fault, marks=pytest.mark.long) for fault in (restarted, frozen))]
)
def test_sockets_in_every_process_are_disconnected_though_redis_is(
    fault: Fault,
    new_person: NewPerson,
    cluster: Cluster,
    js: JsPeer,
) -> None:
    endings = list(ENDINGS.values())
    people = [new_person() for _ in endings]
    sockets = [opened(js, cluster, person.phone.token, [("/", "websocket")]) for person in people]
    with fault(cluster) as again:
        for ending, person in zip(endings, people, strict=True):
            again()
            assert ending.cause(person) in (200, 204)
            again()
        caused = monotonic()
        for ending, own in zip(endings, sockets, strict=True):
            assert_ended(own, caused, ending.why)
