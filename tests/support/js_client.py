"""The real socket.io-client in a Node.js process, driven from Python. One process holds many clients."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

PEER = Path(__file__).with_name("peer.mjs")
WAIT_SECONDS = 5.0

T = TypeVar("T")


def node() -> str:
    """The path of Node.js: the machine's, or the one that `make setup` put into the environment."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    found = shutil.which("node", path=places)
    assert found, "Node.js is missing; `make setup` installs it"
    return found


@dataclass(frozen=True)
class Heard:
    """One event as the client's listener got it: the payload first, the offset last."""

    event: str
    args: list[Any]


@dataclass(frozen=True)
class Kept(Heard):
    """One event, and when its listener ran: in seconds, as `time.monotonic()` counts them on Linux."""

    at: float


@dataclass(frozen=True)
class Connection:
    """One successful connect: the first, or one after a reconnect; `asked` is when CONNECT was sent, as `Kept.at`."""

    id: str
    recovered: bool
    asked: float


@dataclass
class _Record:
    """What has happened to one client so far."""

    events: list[Heard] = field(default_factory=list)
    awaited: set[int] = field(default_factory=set)  # indexes into events that wait_for has returned
    connections: list[Connection] = field(default_factory=list)
    connect_errors: list[dict[str, Any]] = field(default_factory=list)
    disconnects: list[str] = field(default_factory=list)
    transports: list[str] = field(default_factory=list)

    def note(self, kind: str, value: Any) -> None:
        match kind:
            case "event":
                self.events.append(Heard(**value))
            case "connect":
                self.connections.append(Connection(**value))
            case "connect_error":
                self.connect_errors.append(value)
            case "disconnect":
                self.disconnects.append(value)
            case "transport":
                self.transports.append(value)


def _nth(items: list[T], number: int) -> T | None:
    return items[number - 1] if len(items) >= number else None


class JsClient:
    """One socket of the JavaScript client. Each wait is bounded; its failure says what was heard instead."""

    def __init__(self, peer: "JsPeer", number: int) -> None:
        self._peer = peer
        self._number = number
        self._record = peer.records[number]

    @property
    def transport(self) -> str:
        """The transport in use: `polling` or `websocket`."""
        return self._record.transports[-1]

    @property
    def connection(self) -> Connection:
        """The newest connection."""
        return self._record.connections[-1]

    @property
    def connections(self) -> list[Connection]:
        """All connections so far, the first one first."""
        return list(self._record.connections)

    @property
    def refusals(self) -> list[dict[str, Any]]:
        """The `{message, data}` of each `connect_error` so far."""
        return list(self._record.connect_errors)

    def emit(self, event: str, *args: object, timeout: float = WAIT_SECONDS) -> Any:
        """Emit, wait for the ack, and return its argument."""
        milliseconds = int(timeout * 1000)
        return self._peer.ask(
            "emitWithAck",
            timeout + 1,
            client=self._number,
            event=event,
            args=args,
            milliseconds=milliseconds,
        )

    def emit_no_ack(self, event: str, *args: object) -> None:
        """Emit without asking for an ack."""
        self._peer.ask("emit", client=self._number, event=event, args=args)

    def heard(self, event: str | None = None) -> list[Heard]:
        """The events heard so far, in order; of one name, or all."""
        return [heard for heard in list(self._record.events) if event in (None, heard.event)]

    def wait_for(
        self, event: str, where: Callable[[Any], bool] = lambda _: True, timeout: float = WAIT_SECONDS
    ) -> list[Any]:
        """
        The arguments of the first such event that no earlier `wait_for` returned, heard already or to come.

        :param where: what must hold for the payload
        """

        def match() -> list[Any] | None:
            for index, heard in enumerate(self._record.events):
                if index not in self._record.awaited and heard.event == event and where(*heard.args[:1]):
                    self._record.awaited.add(index)
                    return heard.args
            return None

        return self._wait(match, f"{event} like that", timeout)

    def keep(self) -> None:
        """From now on keep what is heard in Node.js, so that no pipe holds up what is timed; `kept` ends that."""
        self._peer.ask("keep", client=self._number)

    def kept(self, count: int, timeout: float = WAIT_SECONDS) -> list[Kept]:
        """What was heard since `keep`, once it is `count` events or more; what there is by then, after the time."""
        milliseconds = int(timeout * 1000)
        answer = self._peer.ask("kept", timeout + 5, client=self._number, count=count, milliseconds=milliseconds)
        return [Kept(**event) for event in answer]

    def wait_connected(self, times: int = 1, timeout: float = WAIT_SECONDS) -> Connection:
        """The connection that was the given one in number: 1 the first, 2 after one reconnect."""
        connections = self._record.connections
        return self._wait(lambda: _nth(connections, times), f"connection {times}", timeout)

    def wait_refused(self, times: int = 1, timeout: float = WAIT_SECONDS) -> dict[str, Any]:
        """The `{message, data}` of that `connect_error`."""
        errors = self._record.connect_errors
        return self._wait(lambda: _nth(errors, times), f"connect_error {times}", timeout)

    def wait_disconnect(self, times: int = 1, timeout: float = WAIT_SECONDS) -> str:
        """The reason of that disconnect."""
        reasons = self._record.disconnects
        return self._wait(lambda: _nth(reasons, times), f"disconnect {times}", timeout)

    def wait_transport(self, name: str, timeout: float = WAIT_SECONDS) -> None:
        """Wait until the transport in use is the named one, as after an upgrade."""
        transports = self._record.transports
        self._wait(lambda: name if transports[-1:] == [name] else None, f"transport {name}", timeout)

    def drop(self) -> None:
        """Cut the link below the socket, which then reconnects by itself."""
        self._peer.ask("drop", client=self._number)

    def redirect(self, url: str) -> None:
        """Have the socket go to another address when it reconnects."""
        self._peer.ask("redirect", client=self._number, url=url)

    def move(self, url: str) -> None:
        """Cut the link below the socket, which then reconnects to another address."""
        self.redirect(url)
        self.drop()

    def reopen(self) -> None:
        """Connect again after `close`."""
        self._peer.ask("reopen", client=self._number)

    def close(self) -> None:
        """Disconnect for good."""
        self._peer.ask("close", client=self._number)

    def _wait(self, found: Callable[[], T | None], what: str, timeout: float) -> T:
        return self._peer.wait(found, lambda: f"no {what} within {timeout} s; so far: {self._record}", timeout)


class JsPeer:
    """The Node.js process, as a context manager; it ends with its standard input."""

    def __init__(self) -> None:
        self.records: dict[int, _Record] = {}
        self._numbers = count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._ended = False
        self._process = subprocess.Popen(
            [node(), str(PEER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def connect(self, url: str, namespace: str = "/", **options: object) -> JsClient:
        """
        Open a socket and wait until it is connected.

        :param options: as for the JavaScript client's `io()`: `auth`, `transports`, `reconnection` …
        :raises AssertionError: with the `connect_error`s, when the server refuses
        """
        client = self.open(url, namespace, **options)
        client.wait_connected()
        return client

    def open(self, url: str, namespace: str = "/", **options: object) -> JsClient:
        """As `connect`, but don't wait: the outcome is the test's to wait for."""
        number = next(self._numbers)
        self.records[number] = _Record()
        # WebSocket alone unless told, and quick to retry: it is the server that is tested.
        defaults = {"transports": ["websocket"], "reconnectionDelay": 50, "reconnectionDelayMax": 250}
        address = url + namespace
        self.ask("connect", client=number, url=address, options=defaults | options)
        return JsClient(self, number)

    def close_all(self) -> None:
        """Disconnect every client, so that the next test starts with none."""
        for number in self.records:
            self.ask("close", client=number)
        self.records.clear()

    def ask(self, request: str, timeout: float = WAIT_SECONDS, **rest: object) -> Any:
        """Send a request to the process and return its answer."""
        number = next(self._numbers)
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(json.dumps({"id": number, "request": request, **rest}) + "\n")
        stdin.flush()
        answer = self.wait(lambda: self._answers.pop(number, None), lambda: f"no answer to {request} {rest}", timeout)
        assert "error" not in answer, f"{request} {rest}: {answer['error']}"
        return answer["value"]

    def wait(self, found: Callable[[], T | None], failure: Callable[[], str], timeout: float) -> T:
        """Wait until `found` returns something, and return it."""
        result: T | None = None

        def settled() -> bool:
            nonlocal result
            result = found()
            return result is not None or self._ended

        with self._changed:
            self._changed.wait_for(settled, timeout)
            if result is not None:
                return result
            raise AssertionError(failure() + ("; Node.js has ended" if self._ended else ""))

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                message = json.loads(line)
                with self._changed:
                    self._take(message)
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        elif message["client"] in self.records:
            self.records[message["client"]].note(message["kind"], message["value"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()
