"""Gunicorn's worker for eventlet: the process that serves the sockets.

It lies beside ``wsgi.py``, not in ``app/``: gunicorn's main process imports it, and must not import the application,
which a patched process alone may do and which a reload (SIGHUP) has to read anew.
"""

import errno
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR
from types import FrameType
from typing import Any

with warnings.catch_warnings(action="ignore"):  # as in wsgi.py
    import eventlet

import eventlet.hubs
from eventlet import wsgi
from eventlet.greenio import GreenSocket
from gunicorn.arbiter import Arbiter
from gunicorn.http.errors import ParseException
from gunicorn.workers.base_async import AsyncWorker

BEAT = 1.0  # seconds between two signs of life to the main process, which kills a worker that gives none
STOP_NOTICED = 0.1  # seconds, at the most, until a worker that is told to stop begins to
ACCEPT_RETRY = 0.1  # seconds before the next try when a connection can't be accepted
LAST_REQUEST = 0.1  # seconds for a connection that came in last to send its request


class _Connection:
    """What python-engineio looks for where ``eventlet.wsgi`` serves: ``environ["eventlet.input"].get_socket()``."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    def get_socket(self) -> Any:
        return self._socket


class EventletWorker(AsyncWorker):  # type: ignore[misc]  # gunicorn carries no types
    """Serves a Flask application that has an :class:`app.engine.SocketIO`, each connection in a greenlet."""

    wsgi: Any
    alive: bool

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._idle: set[Any] = set()  # greenlets of connections that wait for a request
        self._ending = False

    def init_process(self) -> None:
        eventlet.hubs.use_hub()  # one of this process's own
        eventlet.monkey_patch()
        super().init_process()  # loads the application, then runs

    def load_wsgi(self) -> None:
        """Load the application; one that refuses to start ends the main process, too, which else would try for ever."""
        try:
            super().load_wsgi()
        except SystemExit as refusal:
            print(refusal.code, file=sys.stderr)  # noqa: T201
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    def run(self) -> None:
        """Serve until told to stop; then drain, and end what is left."""
        socketio = self.wsgi.extensions["socketio"]
        self._request_seconds = socketio.request_seconds
        self.wsgi = _with_socket(self.wsgi)
        socketio.allow_connections(self.worker_connections)
        connections = eventlet.GreenPool(self.worker_connections)
        listeners = [GreenSocket(listener.sock) for listener in self.sockets]
        acceptors = [eventlet.spawn(self._accept, listener, connections) for listener in listeners]
        socketio.start_relay()
        beat = eventlet.spawn(self._beat)
        while self.alive:
            eventlet.sleep(STOP_NOTICED)
        socketio.drain.run()
        for acceptor in acceptors:
            acceptor.kill()
        for listener in listeners:
            self._close(listener, connections)
        eventlet.sleep(LAST_REQUEST)
        self._end_idle()
        with eventlet.Timeout(socketio.drain.GRACE, False):
            connections.waitall()
        beat.kill()

    def _close(self, listener: Any, connections: eventlet.GreenPool) -> None:
        """Stop listening, so that a proxy that is refused tries the next process; who waits already is served."""
        listener.setblocking(False)
        with suppress(OSError):  # nobody waits any more
            while True:
                client, address = listener.accept()  # a plain one, if the listener doesn't block
                connections.spawn_n(self.handle, listener, GreenSocket(client), address)
        listener.close()

    def _accept(self, listener: Any, connections: eventlet.GreenPool) -> None:
        while True:
            try:
                client, address = listener.accept()
            except OSError:  # no file descriptor is left, or the client is gone already
                self.log.exception("a connection could not be accepted")
                eventlet.sleep(ACCEPT_RETRY)
            else:
                connections.spawn_n(self.handle, listener, client, address)

    def handle(self, _listener: Any, client: Any, address: Any) -> None:
        """Serve the requests of one connection.

        The file holds the socket open until the last greenlet is through with it, as ``eventlet.wsgi`` does: closed by
        the greenlet that writes a WebSocket, it would never wake the one that reads.
        """
        with client.makefile("rb", 0):
            super().handle(client, client, address)  # asks for a name alone, and the listener may be closed by now

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Serve one request. Its head came within the time of :meth:`timeout_ctx`; its body has one of its own."""
        if _is_read(req.body):
            return super().handle_request(listener_name, req, sock, addr)
        deadline = eventlet.hubs.get_hub().schedule_call_global(self._request_seconds, _end_unless_read, req, sock)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        finally:
            deadline.cancel()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what is no HTTP, and log what is wrong with it; not what was sent, which may hold a token."""
        if isinstance(exc, ParseException):
            vars(exc).update({name: "..." for name, value in vars(exc).items() if isinstance(value, str | bytes)})
        super().handle_error(req, client, addr, exc)

    def _beat(self) -> None:
        while True:
            self.notify()
            if self.ppid != os.getppid():
                self.alive = False  # the main process is gone
            eventlet.sleep(BEAT)

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """Bounds how long a connection waits for its next request; once the process ends, it doesn't wait."""
        if self._ending:
            raise _reset()
        waiting = eventlet.getcurrent()
        self._idle.add(waiting)
        try:
            with eventlet.Timeout(self.cfg.keepalive or None, False):
                yield
        finally:
            self._idle.discard(waiting)

    def _end_idle(self) -> None:
        self._ending = True
        for waiting in self._idle:
            eventlet.hubs.get_hub().schedule_call_global(0, waiting.throw, _reset())

    def is_already_handled(self, response: Any) -> bool:
        """Whether the request became a WebSocket, whose connection ends with it."""
        if getattr(wsgi.WSGI_LOCAL, "already_handled", False):
            raise StopIteration
        return bool(super().is_already_handled(response))

    def handle_quit(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-C drains, too: what gunicorn does here would sleep in whichever greenlet is current."""
        self.handle_exit(number, frame)

    def handle_usr1(self, number: int, frame: FrameType | None) -> None:
        """Open the log files anew, outside of the signal handler: that takes locks."""
        eventlet.spawn(super().handle_usr1, number, frame)


def _reset() -> ConnectionResetError:
    """What gunicorn takes as the usual end of a connection."""
    return ConnectionResetError(errno.ECONNRESET, "the server ends")


def _is_read(body: Any) -> bool:
    """Whether a body was read to its end: gunicorn's readers of a length and of chunks show it each in its way."""
    return getattr(body.reader, "length", None) == 0 or getattr(body.reader, "parser", body) is None


def _end_unless_read(request: Any, socket: Any) -> None:
    if not _is_read(request.body):
        with suppress(OSError):
            socket.shutdown(SHUT_RDWR)


def _with_socket(application: Any) -> Any:
    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        environ["eventlet.input"] = _Connection(environ["gunicorn.socket"])
        return application(environ, start_response)

    return serve
