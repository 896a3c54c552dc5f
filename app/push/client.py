"""A request to a push service: to an address that was looked at first, bounded in time, redirected nowhere.

The name is looked up once, what it leads to is checked, and the connection goes to that: a name that leads elsewhere at
the next look-up (DNS rebinding) gains nothing. It is the standard library's client, which is green once eventlet has
patched its sockets.
"""

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from threading import Timer
from time import monotonic
from urllib.parse import urlsplit

from app.push.endpoints import may_send_to

CONNECTING = 5.0  # seconds to reach an address
SILENT = 10.0  # seconds without a byte
WHOLE = 20.0  # seconds for all of it: who sends a byte now and then is not silent


class Unreachable(Exception):
    """There was no answer."""


class ForbiddenAddress(Exception):
    """The name of the endpoint leads to where nothing may be sent."""


@dataclass(frozen=True)
class Answer:
    """What a push service answered; its body is not read."""

    status: int
    retry_after: str | None


def origin_of(endpoint: str) -> str:
    """The origin of an endpoint (RFC 6454)."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}".lower()


def post(endpoint: str, headers: Mapping[str, str], body: bytes, *, loopback: bool) -> Answer:
    """Send a push message (RFC 8030, section 5).

    Raises:
        Unreachable: no answer came in time.
        ForbiddenAddress: the endpoint's name leads into a private network, or to this machine.
    """
    parts = urlsplit(endpoint)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _Connection(parts.hostname or "", parts.port, tls=parts.scheme == "https", loopback=loopback)
    end = Timer(WHOLE, connection.abort)
    end.daemon = True
    end.start()
    try:
        connection.request("POST", target, body, {"Host": parts.netloc, **headers})
        response = connection.getresponse()
        return Answer(response.status, response.getheader("Retry-After"))
    except (OSError, HTTPException, ValueError) as error:  # ValueError: TLS that was shut down in the middle
        raise Unreachable(str(error) or type(error).__name__) from error
    finally:
        end.cancel()
        connection.close()


class _Connection(HTTPConnection):
    """To the first address of ``host`` that can be reached, where each of its addresses may be sent to."""

    def __init__(self, host: str, port: int | None, *, tls: bool, loopback: bool) -> None:
        super().__init__(host, port or (443 if tls else 80), timeout=SILENT)
        self._tls = tls
        self._loopback = loopback
        self._end = monotonic() + WHOLE

    def connect(self) -> None:
        self.sock = self._reach()
        if self._tls:  # what the handshake is done by can be aborted in the middle of it
            wrapped = _tls().wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = wrapped
            wrapped.do_handshake()

    def abort(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)  # wakes who waits for it

    def _reach(self) -> socket.socket:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        if not all(may_send_to(str(at[4][0]), loopback=self._loopback) for at in found):
            raise ForbiddenAddress(self.host)
        failure = OSError("the name leads nowhere")
        for *_, address in found:
            left = self._end - monotonic()
            if left <= 0:
                break
            try:
                reached = socket.create_connection((str(address[0]), self.port), min(CONNECTING, left))
            except OSError as error:
                failure = error
            else:
                reached.settimeout(SILENT)
                return reached
        raise failure


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
