"""``make cluster``: PostgreSQL, Redis and several server processes on this machine, until Ctrl-C. Nothing is kept."""

import os
import signal
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

from rich.console import Console

from tests.support.server import Server
from tests.support.services import PostgreSQL, Redis

console = Console(highlight=False)


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    with suppress(KeyboardInterrupt), ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="cluster-")))
        database = running.enter_context(running.enter_context(PostgreSQL()).database())
        redis = running.enter_context(Redis())
        console.print(f"\n  PostgreSQL  {database}\n  Redis       {redis.url}", soft_wrap=True)
        env = {"DATABASE_URL": database, "REDIS_URL": redis.url, "INSTANCE_PATH": str(folder)}
        for number in range(1, int(os.environ.get("PROCESSES", "3")) + 1):
            place = folder / f"process-{number}"
            place.mkdir()
            server = running.enter_context(Server(place, env))  # the first makes the tables: one after the other
            console.print(f"  Process {number}   {server.url}/dashboard   log: {place}/server.log", soft_wrap=True)
        console.print("\n  Log in as alice@example.com with demo-password; Ctrl-C ends it all.\n")
        signal.pause()


if __name__ == "__main__":
    main()
