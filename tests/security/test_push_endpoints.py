"""Web Push is no way into the network of the server: not by an address, not by a name, not by a redirect."""

import socket
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest

from app.push.vapid import new_private_key
from tests.e2e.scenarios import ok
from tests.security.aviary import person
from tests.support.api import Api
from tests.support.demo import demo_user
from tests.support.production import production
from tests.support.push_service import Browser, PushService, wait_until
from tests.support.server import Server

SUBSCRIPTIONS = "/api/push/subscriptions"
MISLED = (sys.executable, "-m", "tests.support.misled")
SETTINGS = {
    "PUSH_DELAY_SECONDS": "0",
    "PUSH_SUBSCRIPTIONS": "100",
    "VAPID_PRIVATE_KEY": new_private_key(),
    "VAPID_CONTACT": "mailto:operator@example.com",
}

manager, alice, bob = (demo_user(name, of="developed", scope="module") for name in ("manager", "alice", "bob"))


class Port:
    """A port of this machine, at every address that it has; it counts who connects."""

    def __init__(self) -> None:
        dual = socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if dual else socket.AF_INET
        self._server = socket.create_server(("", 0), family=family, dualstack_ipv6=dual)
        self.number: int = self._server.getsockname()[1]
        self.connections = 0
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:  # it is closed
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def port() -> Iterator[Port]:
    opened = Port()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, production_database: Path) -> Iterator[Server]:
    """In production, where no setting opens this machine."""
    folder = tmp_path_factory.mktemp("deployed")
    with production(folder, production_database, SETTINGS, MISLED) as running:
        yield running


@pytest.fixture(scope="module")
def developed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """In development, where this machine may be sent to."""
    with Server(tmp_path_factory.mktemp("developed"), SETTINGS, MISLED) as running:
        yield running


@pytest.fixture(scope="module")
def someone(deployed: Server) -> Api:
    return person(deployed.url)


def notify(who: Api, title: str) -> None:
    form = {"userId": who.user["id"], "type": title, "title": title, "message": "-"}
    ok(who.post("/api/notifications", form))


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/",
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fd00::1]/",
        "https://[fe80::1%25eth0]/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://8.8.8.8/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://x.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://postgresql/",
        "https://push.example.com@127.0.0.1/",
        "https://127.0.0.1\\@push.example.com/",
        "https://127.0.0.1#@push.example.com/",
        "https://１２７.0.0.1/",  # noqa: RUF001 - some read these digits as 127
        "https://127。0。0。1/",
        "file:///etc/passwd",
        "gopher://push.example.com/",
        "//push.example.com/",
    ],
)
def test_an_endpoint_within_is_refused(endpoint: str, someone: Api) -> None:
    answer = someone.post(SUBSCRIPTIONS, Browser(endpoint).subscription)
    assert (answer.status, list(answer.json["error"]["details"])) == (400, ["endpoint"])


def wait_for_log(server: Server, text: str) -> None:
    wait_until(lambda: text in server.log(), f"the log does not say: {text}")


def leading_to(port: Port, *addresses: str) -> str:
    """The endpoint of a name that leads to these addresses."""
    digits = "-".join(ip_address(address).packed.hex() for address in addresses)
    return f"https://{digits}.leads-to.example.com:{port.number}"


def test_a_name_that_leads_within_is_not_connected_to(deployed: Server, port: Port) -> None:
    someone = person(deployed.url)
    private = "10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 fd00::1 fe80::1 ::ffff:10.0.0.1"
    here = "127.0.0.1 127.255.255.254 0.0.0.0 ::1 :: ::ffff:127.0.0.1 ::ffff:0.0.0.0 64:ff9b::7f00:1 2002:7f00:1::"
    endpoints = [leading_to(port, address) for address in (*private.split(), *here.split())]
    endpoints += [leading_to(port, "8.8.8.8", "127.0.0.1"), leading_to(port, "127.0.0.1", "8.8.8.8")]
    for endpoint in endpoints:
        ok(someone.post(SUBSCRIPTIONS, Browser(endpoint).subscription))
    notify(someone, "inwards")
    for endpoint in endpoints:
        wait_for_log(deployed, f"{endpoint} leads to a private address")
    assert port.connections == 0


def test_a_name_is_followed_to_where_it_leads_if_that_may_be_sent_to(alice: Api, port: Port) -> None:
    """So what is not connected to above would be."""
    here = ["127.0.0.1", *(["::1"] if socket.has_dualstack_ipv6() else [])]
    for address in here:
        ok(alice.post(SUBSCRIPTIONS, Browser(leading_to(port, address)).subscription))
    notify(alice, "here")
    wait_until(lambda: port.connections == len(here), "nobody connects")


def test_a_redirect_is_not_followed(bob: Api) -> None:
    with PushService() as service, PushService() as within:
        service.answers = [(status, {"Location": f"{within.origin}/push/0"}) for status in (301, 302, 303, 307, 308)]
        phones = [service.browser() for _ in service.answers]
        for phone in phones:
            ok(bob.post(SUBSCRIPTIONS, phone.subscription))
        notify(bob, "redirected")
        wait_until(lambda: service.answers == [], "not all were asked")
        notify(bob, "canary")
        for phone in phones:
            phone.wait_for(1)
        assert [phone.titles for phone in phones] == [["canary"]] * len(phones)
        assert within.asked == []


def test_a_subscription_of_another_can_not_be_ended_taken_or_sent_to(manager: Api, bob: Api) -> None:
    with PushService() as service:
        phone = service.browser()
        ok(manager.post(SUBSCRIPTIONS, phone.subscription))
        ended = [
            bob.delete(SUBSCRIPTIONS, {"endpoint": endpoint}) for endpoint in (phone.endpoint, "https://no.example")
        ]
        assert [answer.status for answer in ended] == [404, 404]
        assert ended[0].body == ended[1].body
        taken = bob.post(SUBSCRIPTIONS, Browser(phone.endpoint).subscription)
        assert (taken.status, taken.json["error"]["code"]) == (409, "conflict")
        notify(bob, "not for the manager")
        notify(manager, "canary")
        phone.wait_for(1)
        assert phone.titles == ["canary"]
