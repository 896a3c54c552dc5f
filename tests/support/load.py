"""``make load``: the load test against a server of its own, with a database that is thrown away."""

import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.support.server import ROOT, Server

SETTINGS = {
    "REQUESTS_PER_MINUTE": "1000000",
    "CONNECTIONS_PER_USER": "100000",
    "CONNECTIONS_PER_ADDRESS": "100000",
    "LOG_LEVEL": "WARNING",
}
COMMAND = [sys.executable, "-W", "ignore", "-m", "flask", "--app", "wsgi", "load"]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="load-") as folder, Server(Path(folder), SETTINGS) as server:
        with subprocess.Popen([*COMMAND, *sys.argv[1:]], cwd=ROOT, env=server.env) as load:
            while load.poll() is None:
                with suppress(KeyboardInterrupt):  # Ctrl-C is the load test's, too, which ends with what there is
                    load.wait()
        return load.returncode


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
