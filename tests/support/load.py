"""``make load``: the load test against a server of its own, with a database that is thrown away."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.server import ROOT, Server

SETTINGS = {
    "REQUESTS_PER_MINUTE": "1000000",
    "CONNECTIONS_PER_USER": "100000",
    "CONNECTIONS_PER_ADDRESS": "100000",
    "LOG_LEVEL": "WARNING",
}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="load-") as folder, Server(Path(folder), SETTINGS) as server:
        command = [sys.executable, "-W", "ignore", "-m", "flask", "--app", "wsgi", "load", *sys.argv[1:]]
        return subprocess.run(command, cwd=ROOT, env=server.env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
