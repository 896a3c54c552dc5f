"""Where the transport depends on private parts of eventlet 0.41 and of its ``wsgi``: pinned.

A WebSocket outlives the HTTP request that began it. Its socket is taken from the server, which finds a closed one in
its place: the greenlet of the request ends, and with it go its buffers and its environment, 50 KB a connection.
"""

from socket import AF_INET, AF_INET6, IPPROTO_TCP, TCP_NODELAY
from typing import Any

from eventlet.wsgi import WSGI_LOCAL


def socket_of(environ: dict[str, Any]) -> Any:
    """The green socket that a request came over.

    Raises:
        RuntimeError: it came by way of a server that offers none.
    """
    try:
        return environ["eventlet.input"].get_socket()
    except (KeyError, AttributeError):
        raise RuntimeError(
            "WebSockets need `socketio.run`, `socketio.serve` or gunicorn_worker.EventletWorker"
        ) from None


def take(green: Any) -> tuple[Any, bool]:
    """The raw, non-blocking socket behind a green one, with Nagle's algorithm off.

    Returns:
        The socket, and whether it was taken from its server. One of TLS can't be: its greenlet has to stay until the
        connection ends.
    """
    if green.family in (AF_INET, AF_INET6):
        green.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)  # else the second event in a row waits 40 ms for a delayed ACK
    if not hasattr(green, "fd"):  # eventlet.green.ssl
        green.act_non_blocking = True
        return green, False
    held = green.fd
    return type(held)(held.family, held.type, held.proto, held.detach()), True


def answered() -> list[bytes]:
    """What a WSGI application returns when it answered by itself; tells the server to write nothing."""
    WSGI_LOCAL.already_handled = True
    return []
