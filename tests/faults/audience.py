"""Unmodified JavaScript clients who listen while a fault lasts, and what came of it."""

import random
from collections.abc import Sequence
from itertools import cycle
from time import monotonic, sleep
from typing import Protocol

from tests.faults.audit import Audit, audit
from tests.support.api import Api
from tests.support.js_client import Heard, JsClient, JsPeer

TOGETHER = 50  # clients that connect at a time
PATIENCE = 60.0  # seconds, for a machine that is busy with many of them


class Address(Protocol):
    """Where clients connect: a server, or what stands in front of one."""

    url: str


class Audience:
    """Clients in the notifications room of one user, spread over addresses.

    Attributes:
        clients: each of them.
    """

    def __init__(self, js: JsPeer, addresses: Sequence[Address], listener: Api, count: int, **options: object) -> None:
        """
        :param listener: whose room it is
        :param options: as for the JavaScript client's `io()`
        """
        options = {"auth": {"token": listener.token}, "timeout": 5000} | options
        self.clients: list[JsClient] = []
        self._next_address = cycle(addresses)
        for begin in range(0, count, TOGETHER):
            together = range(begin, min(begin + TOGETHER, count))
            clients = [js.open(next(self._next_address).url, "/", **options) for _ in together]
            for client in clients:
                client.wait_connected(timeout=PATIENCE)
                assert client.emit("join-notifications", listener.user["id"], timeout=PATIENCE)["ok"]
            self.clients += clients

    def cut(self, count: int) -> None:
        """Cut the links of some, below the socket, which reconnects by itself: to the same server or to another."""
        for client in random.sample(self.clients, count):
            client.move(next(self._next_address).url)

    def redirect(self, address: Address) -> None:
        """Have who reconnects from now on go elsewhere, as a load balancer does."""
        for client in self.clients:
            client.redirect(address.url)

    def wait_until_back(self, patience: float = PATIENCE) -> None:
        """Wait until each has connected once more.

        :raises AssertionError: with the number of those who have not, after `patience` seconds
        """
        deadline = monotonic() + patience
        while away := [client for client in self.clients if len(client.connections) == 1]:
            assert monotonic() < deadline, f"{len(away)} of {len(self.clients)} are not back after {patience} s"
            sleep(0.05)

    def wait_until_heard(self, total: int, patience: float = PATIENCE) -> None:
        """Wait until each has heard so many different events; what it heard instead, the audit tells."""
        deadline = monotonic() + patience
        while monotonic() < deadline and any(len(set(numbers(client))) < total for client in self.clients):
            sleep(0.05)

    def wait_until_at(self, number: int, patience: float = PATIENCE) -> None:
        """Wait until each has heard this event or a later one; where one has not by then, the audit tells."""
        deadline = monotonic() + patience
        while monotonic() < deadline and any(_newest(client) < number for client in self.clients):
            sleep(0.05)

    def audit(self, total: int) -> Audit:
        """What they heard, against the events 0, 1, 2 … that were committed in that order."""
        return audit([numbers(client) for client in self.clients], range(total))

    @property
    def reconnects(self) -> int:
        """How often one of them came back."""
        return sum(len(client.connections) - 1 for client in self.clients)

    @property
    def recovered(self) -> int:
        """How many of those times the socket went on where it was."""
        return sum(connection.recovered for client in self.clients for connection in client.connections[1:])


def notes(client: JsClient) -> list[Heard]:
    """The notifications that a client heard."""
    return client.heard("new-notification")


def numbers(client: JsClient) -> list[int]:
    """The numbers in their titles."""
    return [_number(heard) for heard in notes(client)]


def _newest(client: JsClient) -> int:
    return max(map(_number, notes(client)[-1:]), default=-1)


def _number(heard: Heard) -> int:
    return int(heard.args[0]["title"])
