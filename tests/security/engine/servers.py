"""Servers that tell what they hold: the drop-in application, on either engine, and the product."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import psutil

from tests.support.api import Api
from tests.support.brokers import wait_until
from tests.support.server import Server

DROPIN = (sys.executable, "-m", "tests.support.dropin")
PRODUCT = (sys.executable, "-m", "tests.support.product")


class Watched(Server):
    """A server that is looked into while it runs.

    Attributes:
        api: for its routes, as nobody.
    """

    def __init__(self, folder: Path, env: dict[str, str], command: tuple[str, ...]) -> None:
        super().__init__(folder, env, command)
        self.api = Api(self.url)

    def vitals(self) -> dict[str, int]:
        """What the process holds at the moment, by kind."""
        counted: dict[str, int] = self.api.get("/vitals").json
        return counted

    @property
    def resident(self) -> float:
        """The megabytes of memory that the process has."""
        return float(psutil.Process(self.pid).memory_info().rss) / 1e6

    @property
    def processor_seconds(self) -> float:
        """How long the process has worked so far, whatever else the machine did meanwhile."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    @property
    def files(self) -> int:
        """How many file descriptors the process has open."""
        return int(psutil.Process(self.pid).num_fds())


class Product(Watched):
    """The product, with a route more."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        super().__init__(folder, env, PRODUCT)


class DropIn(Watched):
    """A server that knows no users and asks for no login; with ENGINE=stock it runs Flask-SocketIO alone."""

    def __init__(self, folder: Path, options: dict[str, Any], run: dict[str, Any]) -> None:
        """
        :param options: of `SocketIO`
        :param run: of its `run`
        """
        env = {
            "ENGINE": os.environ.get("ENGINE", "ours"),
            "OPTIONS": json.dumps(options),
            "RUN": json.dumps(run),
        }
        super().__init__(folder, env, DROPIN)

    def tell(self, payload: object, room: str | None = None) -> int:
        """Have the server emit `told` to a room or to everyone; the status that it answers with."""
        return self.api.post(f"/tell/{room}" if room else "/tell", json=payload).status

    def calls(self) -> dict[str, int]:
        """How often the application's handlers of connect and disconnect have run so far."""
        counted: dict[str, int] = self.api.get("/calls").json
        return {"connect": 0, "disconnect": 0} | counted

    @property
    def sessions(self) -> int:
        """How many clients have a session, over whichever transport."""
        return int(self.api.get("/sessions").body)

    def wait_until_left(self, sessions: int = 0, timeout: float = 2.0) -> None:
        """Wait until no more sessions than that are open."""
        wait_until(lambda: self.sessions <= sessions, timeout)
