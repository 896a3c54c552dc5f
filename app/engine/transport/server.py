"""The Engine.IO server (protocol v4): in the place of python-engineio's, on the transport of this package."""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from sys import intern
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

import engineio
from eventlet import hubs, sleep, spawn_n

from app.engine.transport import detach, handshake
from app.engine.transport.addresses import Addresses
from app.engine.transport.complaints import Complaints
from app.engine.transport.connection import Connection
from app.engine.transport.handshake import Accepted, Answer, Refused
from app.engine.transport.packets import OPEN, Malformed, Packet
from app.engine.transport.polling import Overlapping
from app.engine.transport.websocket import WebSocket
from app.engine.transport.wheel import Wheel

logger = logging.getLogger(__name__)

StartResponse = Callable[..., Any]
Environ = dict[str, Any]

MOST_TICK = 0.25  # seconds; and a tenth of the ping timings, where those are shorter
AT_ONCE = 500  # pings in a row before others have their turn
PARTING = 10.0  # seconds that a client between two polls has to come for what was sent last

# As on Node.js, whose clients may show them.
UNKNOWN_TRANSPORT = 0, "Transport unknown"
UNKNOWN_SID = 1, "Session ID unknown"
BAD_METHOD = 2, "Bad handshake method"
BAD_REQUEST = 3, "Bad request"
FORBIDDEN = 4, "Forbidden"
UNSUPPORTED = 5, "Unsupported protocol version"

# Of what is no header and no line of the request: what a WSGI environment must have (PEP 3333), and Flask-SocketIO's.
KEPT = frozenset(
    {
        "flask.app",
        "wsgi.version",
        "wsgi.url_scheme",
        "wsgi.errors",
        "wsgi.multithread",
        "wsgi.multiprocess",
        "wsgi.run_once",
    }
)
NOTHING = BytesIO()

TOO_LARGE = Answer("413 Content Too Large", b"", (("Connection", "close"),))

JSON = "Content-Type", "application/json"
TEXT = "Content-Type", "text/plain; charset=UTF-8"

TOO_MANY = Answer(
    "429 Too Many Requests",
    json.dumps({"code": 6, "message": "Too many connections from your address"}).encode(),
    (JSON, ("Retry-After", "10")),
)


@dataclass(frozen=True)
class Options:
    """What python-engineio's server has no settings for.

    Attributes:
        max_outbox_bytes: that may wait to be written to one client before it is dropped.
        max_connections: how many there may be; None for as many as come.
        max_connections_per_address: how many of them from one address, as ``REMOTE_ADDR`` has it, one more gets 429;
            None for as many as come.
        websocket_compression: whether messages of 1 KB and more are compressed for clients that offer it, as browsers
            do: once for all of them.
    """

    max_outbox_bytes: int = 1_000_000
    max_connections: int | None = None
    max_connections_per_address: int | None = None
    websocket_compression: bool = False


class Engine(engineio.Server):  # type: ignore[misc]  # python-engineio carries no types
    """Serves Engine.IO; what python-engineio's server offers to an application, it offers, too.

    Attributes:
        sockets: the connections, by their ids.
        most_connections: how many there may be; None for as many as come.
        on_drop: is told of each client that is dropped because it reads too slowly. It never blocks and never fails.
    """

    sockets: dict[str, Connection]
    on_drop: Callable[[], None]

    @classmethod
    def in_place_of(cls, stock: engineio.Server, options: Options) -> "Engine":
        """One with the settings and the handlers of ``stock``, which serves nobody yet."""
        engine = cls.__new__(cls)
        engine.__dict__.update(stock.__dict__)
        engine._begin_with(options)
        return engine

    def _begin_with(self, options: Options) -> None:
        self.most_unsent = options.max_outbox_bytes
        self.most_connections = options.max_connections
        self._addresses = Addresses(options.max_connections_per_address)
        self.websocket_compression = options.websocket_compression
        self.wheel = Wheel(min(MOST_TICK, self.ping_interval / 10, self.ping_timeout / 10), monotonic())
        self.on_drop = lambda: None
        self._turning = False
        self._ending: dict[str, Connection] = {}
        self._parting: dict[str, Connection] = {}
        self._complaints = Complaints(logger)

    # --- what applications call

    def send(self, sid: str, data: Any) -> None:
        """Send a message: text, bytes, or something to be written as JSON."""
        text = data if isinstance(data, str | bytes) else engineio.packet.Packet.json.dumps(data)
        self._send(sid, Packet.message(text))

    def send_packet(self, sid: str, pkt: Any) -> None:
        """Send a packet of python-engineio."""
        self._send(sid, Packet(pkt.encode()))

    def _send(self, sid: str, packet: Packet) -> None:
        connection = self.sockets.get(sid)
        if connection is not None:
            connection.send(packet)

    def transport(self, sid: str) -> str:
        """``websocket`` or ``polling``."""
        return "polling" if self._get_socket(sid).polls else "websocket"

    def disconnect(self, sid: str | None = None) -> None:
        """End one connection, or all."""
        for connection in list(self.sockets.values()) if sid is None else filter(None, [self.sockets.get(sid)]):
            connection.close()

    def knows(self, sid: str) -> bool:
        """Whether a request of ``sid`` is still answered here."""
        return sid in self.sockets or sid in self._parting

    def shutdown(self) -> None:
        """Nothing runs that would have to be stopped."""

    # --- what connections call

    def handle(self, connection: Connection, data: str | bytes) -> None:
        """Hand a message to the application, in the greenlet of its connection."""
        handler = self.handlers.get("message")
        if handler is not None:
            handler(connection.sid, data)

    def ended(self, connection: Connection, reason: str) -> None:
        """Forget a connection, and tell the application."""
        if self.sockets.pop(connection.sid, None) is None:
            return
        self._addresses.leave(connection.sid)
        if connection.parting:
            self._parting[connection.sid] = connection
            hubs.get_hub().schedule_call_global(PARTING, self._parting.pop, connection.sid, None)
        self._ending[connection.sid] = connection  # its session can be asked for, still
        try:
            self._trigger_event("disconnect", connection.sid, reason, run_async=False)
        finally:
            del self._ending[connection.sid]

    def _get_socket(self, sid: str) -> Connection:
        connection = self.sockets.get(sid) or self._ending.get(sid)
        if connection is None:
            raise KeyError("Session not found")
        return connection

    def complain(self, of: str) -> None:
        """Tell the log what a client did wrong."""
        self._complaints(of)

    def dropped(self) -> None:
        """Tell whoever counts them."""
        self.on_drop()

    # --- requests

    def handle_request(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application."""
        try:
            answer = self._answer(environ)
        except Refused as refusal:
            answer = refusal.answer
        if answer is None:
            return detach.answered()
        body, headers = answer.body, [("Content-Length", str(len(answer.body))), *answer.headers]
        start_response(answer.status, headers + self._cors_headers(environ))
        return [body]

    def _answer(self, environ: Environ) -> Answer | None:
        """None when the connection was made a WebSocket."""
        self._check_origin(environ)
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return Answer("204 No Content", b"")
        query = parse_qs(environ.get("QUERY_STRING", ""))
        transport, sid = query.get("transport", [""])[0], query.get("sid", [None])[0]
        if transport not in self.transports:
            raise _refused(UNKNOWN_TRANSPORT)
        if query.get("EIO") != ["4"]:
            raise _refused(UNSUPPORTED)
        if "j" in query or (transport == "websocket") != handshake.is_upgrade(environ):
            raise _refused(BAD_REQUEST)
        if sid is None:
            return self._open(environ, transport)
        connection = self.sockets.get(sid) or self._parting.get(sid)
        if connection is None:
            raise _refused(UNKNOWN_SID)
        if not (connection.may_upgrade if transport == "websocket" else connection.polls):
            raise _refused(BAD_REQUEST)
        if transport == "websocket":
            self._upgrade(environ, connection)
            return None
        return self._polled(environ, connection)

    def _check_origin(self, environ: Environ) -> None:
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and self.cors_allowed_origins != []:
            allowed = self._cors_allowed_origins(environ)
            if allowed is not None and origin not in allowed:
                raise _refused(FORBIDDEN)

    # --- connecting

    def _open(self, environ: Environ, transport: str) -> Answer | None:
        if environ["REQUEST_METHOD"] != "GET":
            raise _refused(BAD_METHOD)
        if self.most_connections is not None and len(self.sockets) >= self.most_connections:
            raise Refused(Answer("503 Service Unavailable", b"", (("Retry-After", "1"),)))
        if self._addresses.is_full(environ.get("REMOTE_ADDR", "")):
            self.complain("more connections from one address than there may be")
            raise Refused(TOO_MANY)
        accepted = self._accept(environ) if transport == "websocket" else None
        connection = self._begin(environ)
        opened = Packet(OPEN + self._told_at_open(connection.sid, transport))
        if accepted is not None:
            with_open = accepted._replace(answer=accepted.answer + opened.frame)  # in one segment
            self._use_websocket(environ, connection, with_open, connection.open)
            return None
        cookie = self._generate_sid_cookie(connection.sid, self._cookie()) if self.cookie else None
        return _payload(opened.polled, *([("Set-Cookie", cookie)] if cookie else []))

    def _begin(self, environ: Environ) -> Connection:
        """A connection that the application takes on."""
        connection = Connection(self.generate_id(), self)
        self.sockets[connection.sid] = connection
        self._addresses.enter(connection.sid, environ.get("REMOTE_ADDR", ""))
        verdict = self._trigger_event("connect", connection.sid, _kept(environ), run_async=False)
        if verdict is not None and verdict is not True:
            del self.sockets[connection.sid]
            self._addresses.leave(connection.sid)
            connection.close(abort=True)
            raise Refused(Answer("401 Unauthorized", json.dumps(verdict or "Unauthorized").encode(), (JSON,)))
        if not self._turning:
            self._turning = True
            spawn_n(self._turn)
        return connection

    def _told_at_open(self, sid: str, transport: str) -> str:
        upgrades = ["websocket"] if transport == "polling" and self.allow_upgrades else []
        return json.dumps(
            {
                "sid": sid,
                "upgrades": [name for name in upgrades if name in self.transports],
                "pingInterval": int((self.ping_interval + self.ping_interval_grace_period) * 1000),
                "pingTimeout": int(self.ping_timeout * 1000),
                "maxPayload": self.max_http_buffer_size,
            },
            separators=(",", ":"),
        )

    def _cookie(self) -> dict[str, Any]:
        return self.cookie if isinstance(self.cookie, dict) else {"name": self.cookie, "path": "/", "SameSite": "Lax"}

    def _upgrade(self, environ: Environ, connection: Connection) -> None:
        if not self.allow_upgrades:
            raise _refused(BAD_REQUEST)
        self._use_websocket(environ, connection, self._accept(environ), connection.upgrade)

    def _accept(self, environ: Environ) -> Accepted:
        return handshake.accept(environ, compression=self.websocket_compression)

    def _use_websocket(
        self, environ: Environ, connection: Connection, accepted: Accepted, use: Callable[[WebSocket], None]
    ) -> None:
        socket, taken = detach.take(detach.socket_of(environ))
        websocket = WebSocket(
            socket, self.max_http_buffer_size, self.most_unsent, connection.lost, compressed=accepted.compressed
        )
        websocket.write(accepted.answer)
        use(websocket)
        hubs.get_hub().schedule_call_global(0, websocket.start)
        if not taken:
            websocket.wait_until_ended()

    # --- polling

    def _polled(self, environ: Environ, connection: Connection) -> Answer:
        try:
            if environ["REQUEST_METHOD"] == "GET":
                return self._compressed(environ, _payload(self._next(environ, connection)))
            if environ["REQUEST_METHOD"] == "POST":
                connection.post(partial(self._body, environ))
                return Answer("200 OK", b"ok", (TEXT,))
        except Overlapping:
            self.complain("two requests of a kind at once")
        except Malformed as error:
            self.complain(str(error))
        else:
            raise _refused(BAD_REQUEST)
        connection.close(reason=self.reason.TRANSPORT_ERROR)
        raise _refused(BAD_REQUEST)

    def _next(self, environ: Environ, connection: Connection) -> str:
        try:
            return connection.poll(detach.socket_of(environ))
        finally:
            if not connection.parting:
                self._parting.pop(connection.sid, None)

    def _body(self, environ: Environ) -> bytes:
        most = self.max_http_buffer_size
        chunked = environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
        length = most + 1 if chunked else int(environ.get("CONTENT_LENGTH") or 0)
        if length > most and not chunked:
            raise Refused(TOO_LARGE)
        body: bytes = environ["wsgi.input"].read(length)
        if len(body) > most:
            raise Refused(TOO_LARGE)
        if len(body) < length and not chunked:
            raise _refused(BAD_REQUEST)  # the client went away meanwhile
        return body

    def _compressed(self, environ: Environ, answer: Answer) -> Answer:
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        if not self.http_compression or len(answer.body) < self.compression_threshold or "gzip" not in accepted:
            return answer
        return answer._replace(body=self._gzip(answer.body), headers=(*answer.headers, ("Content-Encoding", "gzip")))

    # --- time

    def _turn(self) -> None:
        """Call who is due, for as long as the process lives."""
        while True:
            sleep(self.wheel.tick)
            for number, due in enumerate(self.wheel.due(monotonic()), 1):
                try:
                    due()
                except Exception:
                    logger.exception("what was due failed; who is due next, is called all the same")
                if number % AT_ONCE == 0:
                    sleep()


def _refused(why: tuple[int, str]) -> Refused:
    code, message = why
    return Refused(Answer("400 Bad Request", json.dumps({"code": code, "message": message}).encode(), (JSON,)))


def _payload(text: str, *headers: tuple[str, str]) -> Answer:
    return Answer("200 OK", text.encode(), (TEXT, *headers))


def _kept(environ: Environ) -> Environ:
    """What applications look at, later on, of the request that a connection began with: its line and its headers.

    The rest would keep its buffers and its socket alive. Most of it is the same for all clients of a kind: interned, a
    thousand browsers say who they are in one string.
    """
    kept = {
        intern(name): intern(value) if type(value) is str else value
        for name, value in environ.items()
        if (name.isupper() and not name.startswith("HTTP_SEC_WEBSOCKET")) or name in KEPT
    }
    return kept | {"wsgi.input": NOTHING}
