"""The socket that connections are accepted at, and room for all of them."""

import errno
import logging
import resource
import socket
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import eventlet
import eventlet.wsgi
from eventlet import hubs

from app.engine import strict_http
from app.engine.strict_http import Chunks, NotHttp
from app.engine.transport.complaints import Complaints

logger = logging.getLogger(__name__)
complaints = Complaints(logger)

BACKLOG = 2048  # connections that wait to be accepted, as in gunicorn; beyond eventlet's 50, Linux drops handshakes
NO_FILE_LEFT = {errno.EMFILE, errno.ENFILE}
RETRY = 0.1  # seconds before the next try when a connection can't be accepted
REQUEST_SECONDS = 30.0
LONGEST_COMPLAINT = 200  # characters
OTHER_FILES = 200  # of a process, beside those of its connections: the database's, Redis's, logs


class Listener:
    """A listening socket that goes on when no file descriptor is left: the next one is accepted when one is closed.

    :func:`eventlet.wsgi.server`, which it is for, would end the process.
    """

    def __init__(self, host: str, port: int) -> None:
        """
        Raises:
            OSError: the address can't be used.
        """
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Not sharing the port: else a second server could.
        self._socket = eventlet.listen(address, family, backlog=BACKLOG, reuse_port=False)
        # What it accepts inherits this. Else the second event in a row waits for the client's delayed ACK: 40 ms.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def accept(self) -> Any:
        while True:
            try:
                return self._socket.accept()
            except OSError as error:
                if error.errno not in NO_FILE_LEFT:
                    raise
                logger.error("a connection has to wait: %s", error.strerror)  # noqa: TRY400 - a trace says no more
                eventlet.sleep(RETRY)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class HttpConnection(eventlet.wsgi.HttpProtocol):  # type: ignore[misc]  # eventlet carries no types
    """One connection of :func:`eventlet.wsgi.server`, which closes its file whatever its client did.

    Where the last bytes can't be sent, because the client is gone, the standard library leaves the reading side open,
    and with it the socket: each event stream that was broken off cost a file descriptor.
    """

    rfile: Any

    def __init__(self, state: Any, server: Any, request_seconds: float = REQUEST_SECONDS) -> None:
        """
        Args:
            request_seconds: that a request may take to arrive, from its first byte to the last of its body.
        """
        self._request_seconds = request_seconds
        self._deadline: Any = None
        server.debug = False  # it would send tracebacks
        super().__init__(state, server)

    def _read_request_line(self) -> Any:
        self.environ = None
        idle = self.server.keepalive
        self.connection.settimeout(None if isinstance(idle, bool) else idle)
        with suppress(ConnectionError):  # what follows meets it again
            self.rfile.peek(1)
        self._deadline = hubs.get_hub().schedule_call_global(self._request_seconds, self._end_unless_there)
        return super()._read_request_line()

    def _end_unless_there(self) -> None:
        if self.environ is None or not _is_read(self.environ["eventlet.input"]):
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        finally:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    def parse_request(self) -> bool:
        try:
            strict_http.check_request_line(self.raw_requestline)
            self.rfile = strict_http.Fields(self.rfile)
            if not super().parse_request():
                return False
            strict_http.check_fields(self.request_version, self.headers)
        except NotHttp as error:
            self.send_error(HTTPStatus.BAD_REQUEST, str(error))
            return False
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no HTTP; the standard library would answer with a page of HTML."""
        self.log_error("%d, %s", code, explain or message)
        status = HTTPStatus(code)
        self.wfile.write(
            f"HTTP/1.1 {status} {status.phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
        )
        self.close_connection = True

    def get_environ(self) -> Any:
        environ = super().get_environ()
        if environ["eventlet.input"].chunked_input:
            environ["wsgi.input"] = environ["eventlet.input"] = Chunks.in_place_of(environ["eventlet.input"])
        if self.request_version == "HTTP/1.0":  # RFC 9110, section 7.8: there it means nothing
            environ.pop("HTTP_UPGRADE", None)
        if _is_read(environ["eventlet.input"]):
            self._deadline.cancel()
        return environ

    def log_error(self, format: str, *args: Any) -> None:
        """Tell of what is no HTTP as rarely as of all else that clients do wrong."""
        complaints((format % args)[:LONGEST_COMPLAINT])

    def log_request(self, *_: Any) -> None:
        """Say nothing: the standard library would write a line to standard error."""

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.rfile.close()


def _is_read(body: Any) -> bool:
    """Whether an input of :mod:`eventlet.wsgi` was read to its end."""
    if body.chunked_input:
        return bool(body.chunk_length == 0)
    return bool(body.position >= (body.content_length or 0))


def allow_connections(most: int) -> None:
    """Let this process have files for ``most`` connections, as far as the system's hard limit goes.

    The soft limit is usually 1,024, for programs that use select(); see https://0pointer.net/blog/file-descriptor-limits.html
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
