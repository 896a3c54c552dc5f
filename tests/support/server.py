"""The product as users start it: `python wsgi.py`, or gunicorn, in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0  # creating the tables and the demo data included, on a busy machine
STOP_SECONDS = 40.0  # draining takes 10 at the most, and requests under way have 5 more
PYTHON = (sys.executable, "wsgi.py")
GUNICORN = (str(Path(sys.executable).with_name("gunicorn")), "wsgi:app")


def free_port() -> int:
    """A port of the loopback interface that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server with a database and an instance folder of its own, holding the demo data.

    As a context manager it is started and stopped. It may be started again after `stop` or `kill9`,
    then on the same port and the same database.

    Attributes:
        database_path: the SQLite file, unless the settings name another database.
        env: the environment that it is started with.
    """

    def __init__(self, folder: Path, env: dict[str, str] | None = None, command: tuple[str, ...] = PYTHON) -> None:
        """
        :param folder: an empty folder for database, instance and log
        :param env: settings beside the harness's own, or instead of them
        :param command: `PYTHON` or `GUNICORN`, which finds the tables and the demo data already made
        """
        self._command = command
        self.port = int((env or {}).get("PORT") or free_port())
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = folder / "server.log"
        self.database_path = folder / "app.db"
        inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR", "LANG"}}
        self.env = {
            **inherited,
            "APP_ENV": "development",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATABASE_URL": f"sqlite:///{self.database_path}",
            "INSTANCE_PATH": str(folder / "instance"),
            "PYTHONUNBUFFERED": "1",
        } | (env or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start and wait until `/health/live` answers 200.

        :raises AssertionError: with the log, when the process ends or stays silent
        """
        with self.log_path.open("ab") as log:
            # In a session of its own: Ctrl-C in a terminal is for who started it.
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait_until_live(self._process)
        except BaseException:
            self.kill9()
            raise
        return self

    def stop(self) -> int:
        """Ask the process to end, as a service manager does, and return its exit code."""
        self.terminate()
        return self.wait()

    def terminate(self) -> None:
        """Ask the process to end."""
        self._running().send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Wait until the process has ended, and return its exit code."""
        try:
            return self._running().wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError(f"no exit {STOP_SECONDS} s after SIGTERM; log:\n{self.log()}") from None

    def kill9(self) -> None:
        """End the process as a power cut does: nothing is said and nothing is tidied up."""
        process = self._running()
        process.kill()
        process.wait()

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        return self._running().pid

    def log(self) -> str:
        """All that the process has written to its standard output and error so far."""
        return self.log_path.read_text(errors="replace")

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server was never started"
        return self._process

    def _wait_until_live(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, f"the server ended with {process.returncode}; log:\n{self.log()}"
            try:
                with urlopen(f"{self.url}/health/live", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except (URLError, TimeoutError, ConnectionError):
                pass
            time.sleep(0.05)
        raise AssertionError(f"not live after {START_SECONDS} s; log:\n{self.log()}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()
