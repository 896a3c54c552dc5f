"""The servers that are compared, each a process of its own, all on one core; and the process that asks, on another."""

import gc
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path

from bench.servers import EVENT, LEAD, PAYLOAD, SECRET
from bench.target import Target
from tests.support.js_client import node
from tests.support.server import Server

OURS, STOCK, NODE, FLOOR = "ours", "stock", "node", "floor"
SERVERS = Path(__file__).with_name("servers")
DROP_IN = (sys.executable, "-m", "bench.servers.drop_in")


class Contestant:
    """A server that is compared.

    Attributes:
        name: as the table has it.
    """

    def __init__(self, name: str, server: Server) -> None:
        self.name = name
        self._server = server
        self._new = True

    @property
    def target(self) -> Target:
        """The process as it is now."""
        return Target(self.name, self._server.port, self._server.pid)

    def renew(self) -> None:
        """Have a new process, of whose memory nothing was used."""
        if not self._new:
            self._server.stop()
            self._server.start()
        self._new = False


@contextmanager
def contest(folder: Path, ping_interval: float) -> Iterator[tuple[list[Contestant], Executor]]:
    """Start the servers and the process that measures them, and stop them at the end."""
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as running:
        running.callback(os.sched_setaffinity, 0, cores)
        os.sched_setaffinity(0, cores[:1])  # the servers inherit it; this process does nothing while they are measured
        _allow_files()
        started = [
            Contestant(name, running.enter_context(_server(name, folder, command, ping_interval)))
            for name, command in _commands(folder).items()
        ]
        generator = ProcessPoolExecutor(1, get_context("spawn"), _prepare, (cores[-1],))
        yield started, running.enter_context(generator)


def _commands(folder: Path) -> dict[str, tuple[str, ...]]:
    commands = {OURS: DROP_IN, STOCK: DROP_IN, NODE: (node(), str(SERVERS / "node.mjs"))}
    compiler = shutil.which("cc")
    if compiler is None:
        sys.stderr.write("There is no C compiler (cc): the floor is not measured.\n")
        return commands
    program = str(folder / "floor")
    subprocess.run([compiler, "-O2", "-o", program, str(SERVERS / "floor.c")], check=True)
    return commands | {FLOOR: (program,)}


def _server(name: str, folder: Path, command: tuple[str, ...], ping_interval: float) -> Server:
    place = folder / f"of {name}"
    place.mkdir()
    settings = {"SECRET": SECRET, "EVENT": EVENT, "PAYLOAD": PAYLOAD, "LEAD": LEAD, "PING_INTERVAL": ping_interval}
    return Server(place, {key: str(value) for key, value in settings.items()} | {"ENGINE": name}, command)


def _prepare(core: int) -> None:
    os.sched_setaffinity(0, {core})
    _allow_files()
    gc.disable()  # it lives for minutes; a collection would be taken for a delay of the server


def _allow_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
