"""Several server processes that act as one; ``make cluster`` runs them until Ctrl-C. Nothing is kept."""

import os
import signal
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console

from tests.support.server import GUNICORN, PYTHON, Server
from tests.support.services import PostgreSQL, Redis

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
    ) -> None:
        """
        :param folder: an empty folder for logs and secrets
        :param env: settings of each process
        :param command: `PYTHON`, one that does the same and more, or `GUNICORN`
        """
        self.postgresql = PostgreSQL()
        self.redis = Redis()
        self.servers: list[Server] = []
        self._folder = folder
        self._processes = processes
        self._env = dict(env or {})
        self._command = command
        self._running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as running:
            running.enter_context(self.postgresql)
            running.enter_context(self.redis)
            self.database = running.enter_context(self.postgresql.database())
            if self._command == GUNICORN:
                with self._server("first", PYTHON):
                    pass  # makes the tables and the demo data, which gunicorn does not
            for number in range(1, self._processes + 1):  # one after the other: the first makes the tables
                server = self._server(f"process-{number}", self._command)
                self.servers.append(running.enter_context(server))
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    @property
    def env(self) -> dict[str, str]:
        """The settings of each process; a worker that has them belongs to the cluster."""
        own = {"DATABASE_URL": self.database, "REDIS_URL": self.redis.url, "INSTANCE_PATH": str(self._folder)}
        return own | self._env

    def _server(self, name: str, command: tuple[str, ...]) -> Server:
        place = self._folder / name
        place.mkdir()
        return Server(place, self.env, command)


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    processes = int(os.environ.get("PROCESSES", "3"))
    with (
        suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="cluster-") as folder,
        Cluster(Path(folder), processes) as cluster,
    ):
        console.print(f"\n  PostgreSQL  {cluster.database}\n  Redis       {cluster.redis.url}", soft_wrap=True)
        for number, server in enumerate(cluster.servers, 1):
            console.print(f"  Process {number}   {server.url}/dashboard   log: {server.log_path}", soft_wrap=True)
        console.print("\n  Log in as alice@example.com with demo-password; Ctrl-C ends it all.\n")
        signal.pause()


if __name__ == "__main__":
    main()
