"""Several server processes that act as one; ``make cluster`` runs them until Ctrl-C. Nothing is kept."""

import os
import signal
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

from app.config import Settings
from tests.support.nginx import Nginx, installed
from tests.support.server import GUNICORN, PYTHON, Server
from tests.support.services import PostgreSQL, Redis

OWN = {"APP_ENV", "HOST", "PORT", "DATABASE_URL", "REDIS_URL", "INSTANCE_PATH"}  # what a cluster decides itself

console = Console(highlight=False)


class Cluster:
    """Server processes, with a PostgreSQL, a Redis and the demo data of their own, as a context manager.

    Attributes:
        postgresql: the server; ``database`` is the URL of the processes' own database there.
        redis: the server.
        servers: the processes, each with its log in a folder of its own.
    """

    database: str

    def __init__(
        self,
        folder: Path,
        processes: int = 2,
        env: Mapping[str, str] | None = None,
        command: tuple[str, ...] = PYTHON,
        port: int | None = None,
    ) -> None:
        """
        :param folder: an empty folder for logs and secrets
        :param env: settings of each process
        :param command: `PYTHON`, one that does the same and more, or `GUNICORN`
        :param port: of the first process, unless any will do
        """
        self.postgresql = PostgreSQL()
        self.redis = Redis()
        self.servers: list[Server] = []
        self._folder = folder
        self._processes = processes
        self._env = dict(env or {})
        self._command = command
        self._first = {"PORT": str(port)} if port else {}
        self._running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as running:
            running.enter_context(self.postgresql)
            running.enter_context(self.redis)
            self.database = running.enter_context(self.postgresql.database())
            if self._command == GUNICORN:
                with self.process("first", command=PYTHON):
                    pass  # makes the tables and the demo data, which gunicorn does not
            for number in range(1, self._processes + 1):  # one after the other: the first makes the tables
                own = self._first if number == 1 else {}
                self.servers.append(running.enter_context(self.process(f"process-{number}", own)))
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def process(
        self, name: str, env: Mapping[str, str] | None = None, command: tuple[str, ...] | None = None
    ) -> Server:
        """A further process, not yet started.

        :param name: of its folder
        :param env: settings beside those of each process, or instead of them
        :param command: if not that of each process
        """
        place = self._folder / name
        place.mkdir()
        return Server(place, self.env | dict(env or {}), command or self._command)

    @property
    def env(self) -> dict[str, str]:
        """The settings of each process; a worker that has them belongs to the cluster."""
        own = {"DATABASE_URL": self.database, "REDIS_URL": self.redis.url, "INSTANCE_PATH": str(self._folder)}
        return own | self._env


def given() -> dict[str, str]:
    """The settings in the environment, but for those that a cluster decides itself."""
    names = {name.upper() for name in Settings.model_fields} - OWN
    return {name: value for name, value in os.environ.items() if name in names}


def main() -> None:
    for ending in (signal.SIGTERM, signal.SIGINT):  # a shell has what it starts in the background ignore the latter
        signal.signal(ending, signal.default_int_handler)
    processes = int(os.environ.get("PROCESSES", "3"))
    port = int(os.environ.get("PORT") or 0) or None
    program = installed()
    settings = given() | ({"TRUSTED_PROXIES": "1"} if program else {})
    with (
        suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="cluster-") as folder,
        Cluster(Path(folder), processes, settings, port=None if program else port) as cluster,
        Nginx(program, cluster.servers, port) if program else nullcontext() as nginx,
    ):
        console.print(f"\n  PostgreSQL  {cluster.database}\n  Redis       {cluster.redis.url}", soft_wrap=True)
        for number, server in enumerate(cluster.servers, 1):
            console.print(f"  Process {number}   {server.url}/dashboard   log: {server.log_path}", soft_wrap=True)
        if nginx:
            console.print(f"\n  [bold]{nginx.url}/dashboard[/bold]   nginx, in front of them", soft_wrap=True)
        further = cluster.env.items() - os.environ.items()
        environment = " ".join(f"{name}={value}" for name, value in sorted(further))
        console.print(f"\n  Commands    {environment} .venv/bin/flask --app wsgi …", soft_wrap=True)
        console.print("\n  Log in as alice@example.com with demo-password; Ctrl-C ends it all.\n")
        signal.pause()


if __name__ == "__main__":
    main()
